// Slowest lines of 64 KiB that nearly match a rule: npm run -s build && node dist/bench/adversarial.js [LINES]
// Each line goes through the parse core alone on a stream of its own, to the event. Three runs each, CPU time of this process; the
// time of a line is that of its slowest run, or of its fastest where `fastest` is said: what the pattern needs without collector and compiler.

import { defaultAppConfig } from '../lib/config/app-config.js';
import { maskerOf } from '../lib/config/masking-file.js';
import { MemoryStateStore } from '../lib/topology/state-store.js';
import { loadRules } from '../services/processor/adapters/rule-files.js';
import type { ParseState } from '../services/processor/core/parse/parse-state.js';
import { settingsOf } from '../services/processor/core/parse/settings.js';
import { createParseProcessor } from '../services/processor/core/parse/sub-topology.js';
import { adversarialLine } from '../services/processor/testing/adversarial-lines.js';

const LINES = Number(process.argv[2] ?? 10_000);
const RUNS = 3;
const LIMIT_MS = 10;
const SHOWN = 12;

const config = defaultAppConfig();
const rules = loadRules(config);
const processor = createParseProcessor({
  rules,
  masker: maskerOf(config.masking),
  settings: settingsOf(config),
  epoch: 'bench',
});

/** CPU milliseconds of one line, from its arrival to its event. */
function cpuMs(line: string, offset: number): number {
  const state = new MemoryStateStore<ParseState>();
  const context = { state, transaction: 0, forward: () => {}, deadLetter: () => {} };
  const value = { kind: 'line' as const, message: line, timestampMs: null, source: null, options: null };
  const key = Buffer.from(`s${offset}`);
  const before = process.cpuUsage();
  processor.process(
    { topic: 'raw-logs', partition: 0, offset, place: 0, timestampMs: offset, key, headers: {}, value },
    context,
  );
  for (
    let due = state.takeDue(Number.MAX_SAFE_INTEGER);
    due !== undefined;
    due = state.takeDue(Number.MAX_SAFE_INTEGER)
  )
    processor.onTimer?.(due, state.get(due)!, Number.MAX_SAFE_INTEGER, context);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const results: { rule: string; n: number; slowest: number; fastest: number; line: string }[] = [];
for (let n = 0; n < LINES; n++) {
  const { rule, line } = adversarialLine(rules.global, n);
  const times = Array.from({ length: RUNS }, () => cpuMs(line, n));
  results.push({
    rule,
    n,
    slowest: Math.max(...times),
    fastest: Math.min(...times),
    line: line.slice(0, 90),
  });
}
const over = (of: 'slowest' | 'fastest') => results.filter((result) => result[of] > LIMIT_MS).length;
console.log(
  `${LINES} lines: ${over('slowest')} whose slowest of ${RUNS} runs took more than ${LIMIT_MS} ms, ${over('fastest')} whose fastest did`,
);
for (const of of ['fastest', 'slowest'] as const) {
  console.log(`by ${of} run:`);
  for (const { rule, n, line, ...times } of results.sort((a, b) => b[of] - a[of]).slice(0, SHOWN))
    console.log(`  ${times[of].toFixed(1).padStart(7)} ms  #${n} ${rule}  ${JSON.stringify(line)}`);
}
