import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ParseRun, type ReadEvent, sourceOf } from '../../testing/parse-run.js';

vi.setConfig({ testTimeout: 60_000 });

/** Lines that join, end, echo, open and close in every way the joiner knows. */
const LINES = [
  'Thought: which berth',
  'Action: find_berth',
  'Action Input: {"length": 12}',
  'Action Input: ',
  'Observation: berth 4',
  'Observation: \u001b[36;1m\u001b[1;3mcoloured',
  'plain words',
  '  indented words',
  '',
  '\u001b[0mafter a reset',
  'Final Answer: berth 4',
  '> Entering new AgentExecutor chain...',
  '> Finished chain.',
  '{',
  '  "event_type": "tool_call",',
  '  "tool_name": "tides"',
  '}',
  'Calling function: tides with args: {',
  'INFO:desk:held',
  'held',
  'ERROR:desk:failed',
  'Traceback (most recent call last):',
  '  File "a.py", line 1, in f',
  'ValueError: no berth',
  '---------- clerk ----------',
  "[FunctionCall(id='1', arguments='{}', name='hold')]",
  'START RequestId: 6f8c3c3a-0b8a-4a53-8a0b-0c7b8f9d1e21',
  'END RequestId: 6f8c3c3a-0b8a-4a53-8a0b-0c7b8f9d1e21',
  '{"message":"x","session_id":"s-1","agent_id":"clerk"}',
  '{"message":"x","agent_id":"clerk"}',
  '{"message":"x","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
  '{"message":"Calling LLM","session_id":"s-2"}',
  '  "session_id": "s-3",',
  'Calling LLM',
  'LLM response received in 1.2s',
  'HTTP Request: POST https://api.example.org/v1/chat "HTTP/1.1 200 OK"',
  '# Agent: Clerk',
  '## Task: hold berth 4',
];

interface Step {
  line: number;
  stream: number;
  gapMs: number;
  /** Before the line: fire timers this far ahead, as far as all that was appended by then has come, commit, or crash. */
  act: 'none' | 'timer' | 'crash';
  aheadMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  line: fc.nat(LINES.length - 1),
  stream: fc.nat(1),
  gapMs: fc.constantFrom(0, 1, 100, 1_000, 1_299, 1_999, 2_000, 2_001, 10_000, 299_999, 300_001),
  act: fc.constantFrom('none', 'none', 'timer', 'crash'),
  aheadMs: fc.constantFrom(0, 100, 250, 2_000, 60_000),
});

/** The last rows, without what may differ: whether an event was sent in one piece or two. */
const comparable = (rows: ReadEvent[]) => rows.map(({ amends: _amends, ...row }) => row);

function run(steps: Step[], acts: boolean, twice = false): ParseRun {
  const parse = new ParseRun();
  steps.forEach(({ line, stream, gapMs, act, aheadMs }, index) => {
    if (acts && act === 'timer') parse.tick(parse.nowMs + Math.min(aheadMs, gapMs));
    if (acts && act === 'crash') parse.crash();
    const raw = { message: LINES[line]!, source: sourceOf(`s${stream}`, { log_id: String(index) }) };
    parse.raw(raw, { gapMs });
    if (twice) parse.raw(raw);
  });
  return parse;
}

describe('for any lines of two streams with any gaps', () => {
  test('the last rows are the same whether timers fired and crashes happened or not', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        expect(comparable(run(steps, true).finish())).toEqual(comparable(run(steps, false).finish()));
      }),
      {
        numRuns: 150,
        // a blank line joins after the timer has fired
        examples: [
          [
            [
              { line: 1, stream: 1, gapMs: 0, act: 'none', aheadMs: 0 },
              { line: 8, stream: 1, gapMs: 1_500, act: 'timer', aheadMs: 2_000 },
            ],
          ],
          // a line that says what the record is joins after the timer has decided whose it is
          [
            [
              { line: 0, stream: 1, gapMs: 0, act: 'none', aheadMs: 0 },
              { line: 24, stream: 1, gapMs: 0, act: 'none', aheadMs: 0 },
              { line: 0, stream: 0, gapMs: 1_999, act: 'none', aheadMs: 0 },
              { line: 25, stream: 1, gapMs: 0, act: 'timer', aheadMs: 0 },
            ],
          ],
        ],
      },
    );
  });

  test('a record sent twice changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const strip = (rows: ReadEvent[]) => comparable(rows).map(({ raw: _raw, ...row }) => row);
        expect(strip(run(steps, false, true).finish())).toEqual(strip(run(steps, false).finish()));
      }),
      { numRuns: 150 },
    );
  });

  test('every line is in exactly one event, in the order of its stream', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rows = run(steps, true).finish();
        for (const stream of [0, 1]) {
          const printed = steps.filter((one) => one.stream === stream).map(({ line }) => LINES[line]!);
          const kept = rows
            .filter(({ source }) => source?.log_stream === `s${stream}`)
            .flatMap(({ props }) => String(props.message).split('\n'));
          expect(withoutEchoes(kept)).toEqual(withoutEchoes(printed));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('an event never changes its group, and each is sent first without and later with amends', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const parse = run(steps, true);
        parse.finish();
        const first = new Map<string, string>();
        for (const { event_id, home_key, amends } of parse.sent) {
          expect(amends).toBe(first.has(event_id));
          expect(first.get(event_id) ?? home_key).toBe(home_key);
          first.set(event_id, home_key);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** What two handlers print twice is kept once, and blank lines after a complete record are dropped. */
const withoutEchoes = (lines: string[]) =>
  lines.filter((line) => line !== '' && line !== 'held' && line !== 'INFO:desk:held');

test('any bytes are events or dead letters, never a failure', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    fc.tuple(fc.constantFrom(...LINES), fc.string()).map(([line, more]) => Buffer.from(line + more)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.constantFrom(null, 'k', 'q')), { maxLength: 20 }), (records) => {
      const parse = new ParseRun();
      for (const [value, key] of records) parse.bytes(Buffer.from(value), { key });
      const rows = parse.finish();
      expect(rows.length + parse.deadLetters.length).toBeLessThanOrEqual(records.length);
    }),
    { numRuns: 150 },
  );
});
