import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../../lib/files/replace-file.js';
import type { PatternVerdict } from '../core/rules/pattern-verdict.js';
import type { VerdictMemory } from './pattern-check.js';

/** To be raised where a check says something else than it did before. */
const CHECK = 1;
/** Patterns that are edited leave their verdicts behind; the oldest give way. */
const MOST = 1_000;

/**
 * Verdicts of users' patterns in a file of an instance's own folder, so that only the first start with a pattern has to check it, which can take
 * seconds. A file that is lost, or cannot be read, costs that time again and nothing else.
 */
export class VerdictFile implements VerdictMemory {
  private readonly verdicts: Map<string, PatternVerdict>;

  constructor(
    private readonly path: string,
    private readonly most = MOST,
  ) {
    this.verdicts = new Map(Object.entries(readBack(path)));
  }

  get(key: string): PatternVerdict | undefined {
    return this.verdicts.get(key);
  }

  set(key: string, verdict: PatternVerdict): void {
    this.verdicts.set(key, verdict);
    const verdicts = Object.fromEntries([...this.verdicts].slice(-this.most));
    replaceFile(this.path, JSON.stringify({ check: CHECK, verdicts }));
  }
}

/** The file of a processor; null where it has no folder of its own. */
export const verdictFileIn = (stateFolder: string): VerdictFile | null =>
  stateFolder === '' ? null : new VerdictFile(join(stateFolder, 'pattern-verdicts.json'));

function readBack(path: string): Record<string, PatternVerdict> {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as {
      check: number;
      verdicts: Record<string, PatternVerdict>;
    };
    return kept.check === CHECK ? kept.verdicts : {};
  } catch (error) {
    // not there yet, or cut short: everything is checked again
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
