import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mostContextBytes } from './context-size.js';
import type { ContextState, StreamRun } from './parse-state.js';
import type { OpenCall, RunShape } from './run-shape.js';
import { salientOf } from './salient.js';

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('\u0000', '"', '\\', 'é', '\ud800', '😀', 'a'), maxLength: 12 }),
);
const number = fc.double({ noDefaultInfinity: true, noNaN: true });
const maybe = fc.option(text, { nil: null });
const call = fc.record<OpenCall>({
  kind: fc.constantFrom('tool', 'llm'),
  name: maybe,
  id: maybe,
  ms: number,
});
// every field: one that is added belongs here, and into the size
const shape = fc.record<RunShape>({
  last: text,
  open: fc.array(text, { maxLength: 8 }),
  outer: maybe,
  calls: fc.array(call, { maxLength: 4 }),
  answered: fc.boolean(),
  finished: fc.boolean(),
  failed: fc.boolean(),
  opener: maybe,
  steps: fc.nat(8),
  number: fc.option(number, { nil: null }),
  dialect: maybe,
  lane: maybe,
});
const run = fc.record<StreamRun>({
  kind: fc.constantFrom('trace', 'session', 'run'),
  id: text,
  session: maybe,
  agent: text,
  agents: fc.array(text, { maxLength: 4 }),
  fromMs: number,
  lastMs: number,
  withId: number,
  withoutId: number,
  about: fc.string({ maxLength: 200 }).map((words) => salientOf(`ab1234 ${words}`)),
  shape,
});
const habit = fc.dictionary(text, number, { maxKeys: 5 });
const context = fc.record<ContextState>({
  kind: fc.constant('context'),
  runs: fc.array(run, { maxLength: 6 }),
  lines: number,
  idLines: number,
  seen: habit,
  opened: habit,
  timed: fc.record({ fits: number, misses: number }),
});

it('is never less than a context takes', () => {
  fc.assert(
    fc.property(context, (state) => {
      expect(mostContextBytes(state)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(state)));
    }),
    { numRuns: 300 },
  );
});
