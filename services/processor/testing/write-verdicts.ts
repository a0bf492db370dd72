// Checks the patterns of the built-in rules that patterns/verdicts.json has no verdict of, and drops what is no longer used:
//   npm run -s build && npm run patterns:check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { projectRoot } from '../../../lib/config/root.js';
import { checkPattern, readVerdicts, VERDICTS_FILE } from '../adapters/pattern-check.js';
import { loadRules } from '../adapters/rule-files.js';
import { type PatternVerdict, verdictKey } from '../core/rules/pattern-verdict.js';

/** Time for one check, milliseconds: as long as a verdict may take that is made once. */
const LIMIT_MS = Number(process.argv[2] ?? 3_000);

const kept = readVerdicts();
/** A kept verdict, unless the check did not end then: it may now. */
const decided = (key: string): PatternVerdict | undefined => {
  const verdict = kept.get(key);
  return verdict?.linearity === 'unknown' ? undefined : verdict;
};
const used = new Map<string, PatternVerdict>();
loadRules(defaultAppConfig(), {
  check: (source, flags) => {
    const key = verdictKey(source, flags);
    const verdict = used.get(key) ?? decided(key) ?? checkPattern(source, flags, LIMIT_MS);
    if (decided(key) === undefined && !used.has(key))
      console.log(`${verdict.linearity} (${verdict.reason}): ${source.slice(0, 120)}`);
    used.set(key, verdict);
    return { linearity: 'linear', reason: 'being checked' };
  },
});
const sorted = [...used].sort(([a], [b]) => (a < b ? -1 : 1));
const lines = sorted.map(([key, verdict]) => `  ${JSON.stringify(key)}: ${JSON.stringify(verdict)}`);
writeFileSync(join(projectRoot(), VERDICTS_FILE), `{\n${lines.join(',\n')}\n}\n`);
console.log(`${sorted.length} patterns in ${VERDICTS_FILE}`);
