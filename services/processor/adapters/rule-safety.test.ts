import { expect, test } from 'vitest';
import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { readRecord } from '../core/parse/reading.js';
import { adversarialLine } from '../testing/adversarial-lines.js';
import { loadRules } from './rule-files.js';

const LINE_CHARS = 65_536;
/** Of CPU time, best of three. A quadratic pattern takes seconds on such a line; a linear one takes one or two. */
const LIMIT_MS = 60;

/** Of the lines that bench/adversarial.ts measures all of. */
const NEAR_MATCHES = 600;

const compiled = loadRules(defaultAppConfig());
const { rules } = compiled.forGroup(null);
const fill = (text: string) => text.repeat(Math.ceil(LINE_CHARS / text.length)).slice(0, LINE_CHARS);
const tags = [...new Set(compiled.global.flatMap(({ requires }) => requires))];

function bestMs(line: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && best > LIMIT_MS / 4; run++) {
    const before = process.cpuUsage();
    readRecord(line, rules, tags);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

test('no line of 64 KiB grown from a rule takes long', () => {
  const slow: string[] = [];
  for (const { name, tests } of compiled.global) {
    for (const { line } of tests.slice(0, 1)) {
      const head = line.slice(0, Math.floor(line.length * 0.6));
      for (const grown of [fill(line), ...[' ', 'a', '1', '\n', '"', "'"].map((more) => head + fill(more))]) {
        const ms = bestMs(grown.slice(0, LINE_CHARS));
        if (ms > LIMIT_MS) slow.push(`${name}: ${ms} ms on ${JSON.stringify(grown.slice(0, 80))}`);
      }
    }
  }
  expect(slow).toEqual([]);
}, 120_000);

test('no line of 64 KiB that nearly matches a rule takes long', () => {
  const slow: string[] = [];
  for (let n = 0; n < NEAR_MATCHES; n++) {
    // a step that has no factor with their number goes through all rules and shapes
    const { rule, line } = adversarialLine(compiled.global, n * 7);
    const ms = bestMs(line);
    if (ms > LIMIT_MS) slow.push(`${rule}: ${ms} ms on line ${n * 7}, ${JSON.stringify(line.slice(0, 80))}`);
  }
  expect(slow).toEqual([]);
}, 120_000);

test.each([
  'a',
  ' ',
  '\t',
  '\n',
  '=',
  'a=',
  '"',
  '\\',
  '{',
  '[',
  '(',
  '0',
  '1-',
  'a: ',
  '\u001b[',
  '\u001b[0m',
  '> ',
  'é',
  '{"',
  'a\n',
])('a line of nothing but %j is read at once', (text) => {
  expect(bestMs(fill(text))).toBeLessThan(LIMIT_MS);
});
