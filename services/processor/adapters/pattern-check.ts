import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../../lib/config/root.js';
import {
  isEvidentlyLinear,
  type PatternVerdict,
  verdictKey,
  withoutBounds,
  withoutLookaround,
  withoutTail,
} from '../core/rules/pattern-verdict.js';

/** Verdicts of the built-in rules' patterns, by {@link verdictKey}; `npm run patterns:check` writes it. */
export const VERDICTS_FILE = 'patterns/verdicts.json';

/** Processor time for one check of a pattern of a user's, milliseconds. */
const LIMIT_MS = 2_000;
/** How much longer than that it may take where other processes have the processor. */
const MAX_WAIT_FACTOR = 30;

interface Diagnostics {
  status: 'safe' | 'vulnerable' | 'unknown';
  complexity?: { type: string; degree?: number };
  error?: { kind: string; message?: string };
}
type CheckSync = (
  source: string,
  flags: string,
  options: { timeout: number; checker: string },
) => Diagnostics;

/** The checker in pure JavaScript: loaded only when a pattern is met that no kept verdict is of, for it takes a quarter of a second. */
let checker: CheckSync | null = null;
function checkSync(): CheckSync {
  checker ??= (createRequire(import.meta.url)('recheck/lib/browser.js') as { checkSync: CheckSync })
    .checkSync;
  return checker;
}

/** What a pattern costs; `trusted`: a pattern that no check has decided is taken for bounded, because lines grown from it
 * are measured. */
export type TrustingCheck = (source: string, flags: string, trusted?: boolean) => PatternVerdict;

/** Where verdicts of users' patterns are remembered. */
export interface VerdictMemory {
  get(key: string): PatternVerdict | undefined;
  set(key: string, verdict: PatternVerdict): void;
}

/** Verdicts that are kept, else checked now and remembered; where nothing else is said, while the process lives. */
export function patternCheck(
  kept: ReadonlyMap<string, PatternVerdict> = readVerdicts(),
  checked: VerdictMemory = checkedHere,
): TrustingCheck {
  return (source, flags, trusted = false) => {
    const key = verdictKey(source, flags);
    const verdict = kept.get(key) ?? checked.get(key);
    if (trusted && (verdict === undefined || verdict.linearity === 'unknown'))
      return { linearity: 'bounded', reason: verdict?.reason ?? 'not checked yet' };
    if (verdict !== undefined) return verdict;
    const made = checkPattern(source, flags);
    checked.set(key, made);
    return made;
  };
}

/** Verdicts of patterns that this process has checked. */
const checkedHere = new Map<string, PatternVerdict>();

/**
 * Checks a pattern, without its bounds first; takes up to twice `limitMs` of processor time. What is not checked by then is unknown. With
 * look-around it is never more than bounded, because only the pattern around it is checked.
 */
export function checkPattern(source: string, flags: string, limitMs = LIMIT_MS): PatternVerdict {
  const around = withoutLookaround(source, flags);
  const verdict = checkAround(withoutTail(around, flags), flags, limitMs);
  return verdict.linearity === 'linear' && around !== source
    ? { linearity: 'bounded', reason: 'linear but for its look-around' }
    : verdict;
}

function checkAround(source: string, flags: string, limitMs: number): PatternVerdict {
  if (isEvidentlyLinear(source, flags)) return { linearity: 'linear', reason: 'linear' };
  const options = { timeout: limitMs, checker: 'automaton' };
  const unbounded = checkOrSay(withoutBounds(source), flags, options);
  if (unbounded.status === 'safe') return { linearity: 'linear', reason: 'linear' };
  const written = checkOrSay(source, flags, options);
  if (written.status === 'safe')
    return { linearity: 'bounded', reason: `${wordsOf(unbounded)} without its bounds` };
  const vulnerable = written.status === 'vulnerable' ? written : unbounded;
  return {
    linearity: vulnerable.status === 'vulnerable' ? 'superlinear' : 'unknown',
    reason: wordsOf(vulnerable),
  };
}

/**
 * The checker looks at the clock. A machine with much else to do must not be why a rule is refused: what it had no time for is checked
 * again, with longer by the clock. Its own recursion may run out of stack on a long pattern.
 */
function checkOrSay(
  source: string,
  flags: string,
  options: { timeout: number; checker: string },
): Diagnostics {
  try {
    for (let timeout = options.timeout; ; timeout *= 2) {
      const before = process.cpuUsage();
      const said = checkSync()(source, flags, { ...options, timeout });
      const { user, system } = process.cpuUsage(before);
      const hadItsTime = (user + system) / 1_000 >= options.timeout;
      if (said.error?.kind !== 'timeout' || hadItsTime || timeout >= options.timeout * MAX_WAIT_FACTOR)
        return said;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { status: 'unknown', error: { kind: 'too long' } };
  }
}

function wordsOf({ complexity, error }: Diagnostics): string {
  if (error) return error.kind === 'timeout' ? 'not checked in time' : `not checked (${error.kind})`;
  return complexity?.degree === undefined
    ? (complexity?.type ?? 'unknown')
    : `${complexity.type} of degree ${complexity.degree}`;
}

/** The kept verdicts; none where the file is missing, so that everything is checked. */
export function readVerdicts(path = join(projectRoot(), VERDICTS_FILE)): Map<string, PatternVerdict> {
  if (!existsSync(path)) return new Map();
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, PatternVerdict>));
}
