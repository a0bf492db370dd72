import { describe, expect, test } from 'vitest';
import { ParseRun, sourceOf } from '../../testing/parse-run.js';
import { attribute, type RunCandidate, type StreamHabits } from './attribution.js';
import type { ContextState, StreamRun } from './parse-state.js';
import { advance, emptyShape, type RunStep } from './run-shape.js';
import { stepOf } from './run-step.js';
import { StreamContext } from './stream-context.js';

const START_MS = Date.UTC(2026, 1, 3, 4, 5, 6);
const habits: StreamHabits = { idShare: 0, seen: {}, opened: {}, durationTrust: 1 };

const step = (eventType: string, properties: Record<string, string | number> = {}): RunStep =>
  stepOf(eventType, null, properties, '');

/** A run that took these steps, a second apart, the last of them at START_MS. */
function runOf(id: string, ...steps: RunStep[]): StreamRun {
  const shape = emptyShape();
  const fromMs = START_MS - (steps.length - 1) * 1_000;
  steps.forEach((one, index) => {
    advance(shape, one, fromMs + index * 1_000);
  });
  return {
    kind: 'run',
    id,
    session: null,
    agent: 'clerk',
    agents: ['clerk'],
    fromMs,
    lastMs: START_MS,
    withId: 0,
    withoutId: steps.length,
    about: [],
    shape,
  };
}

const seen = (run: StreamRun, isLatest = false): RunCandidate => ({
  run,
  isLatest,
  agentIsNew: false,
  shared: 0,
});

test('what an older version wrote of a stream is read on', () => {
  const { opener: _o, steps: _s, number: _n, ...shape } = runOf('old', step('agent_start')).shape;
  const { timed: _t, ...old }: ContextState = {
    kind: 'context',
    runs: [{ ...runOf('old'), shape }],
    lines: 4,
    idLines: 0,
    seen: {},
    opened: {},
  };
  let kept: unknown = old;
  const context = new StreamContext('s', {
    get: () => kept as ContextState,
    put: (_, state) => {
      kept = state;
    },
    delete: () => undefined,
    entries: () => [][Symbol.iterator](),
  });
  expect(context.habits.durationTrust).toBe(1);
  const [run] = context.runs;
  const line = step('chain_start', { step: 2, lib: 'langgraph' });
  const { scores } = attribute(line, START_MS, [seen(run!, true)], context.habits, true);
  expect(scores.every(Number.isFinite)).toBe(true);
  advance(run!.shape, line, START_MS);
  context.learnDuration(false);
  expect(context.habits.durationTrust).toBeLessThan(1);
});

describe('whose a line is', () => {
  const asked = runOf('asked', step('agent_start'), step('llm_start', { model: 'm-1' }));
  const calls = runOf('calls', step('agent_start'), step('tool_call', { tool_name: 'tides' }));

  test.each([
    ['an answer of the model', step('llm_end', { model: 'm-1' }), 0],
    ['the result of a tool', step('tool_result', { tool_name: 'tides' }), 1],
  ])('%s goes to the run that waits for it, whoever printed last', (_, line, index) => {
    for (const latest of [0, 1]) {
      const candidates = [seen(asked, latest === 0), seen(calls, latest === 1)];
      expect(attribute(line, START_MS + 900, candidates, habits, true).index).toBe(index);
    }
  });

  test('a start begins a run of its own, unless runs may not be parted', () => {
    const line = step('agent_start');
    expect(attribute(line, START_MS + 5_000, [seen(calls, true)], habits, true).index).toBe(-1);
    expect(attribute(line, START_MS + 5_000, [seen(calls, true)], habits, false).index).toBe(0);
  });

  test('a step goes on with the run whose last number it follows', () => {
    const at = (n: number) =>
      runOf(`at ${n}`, step('chain_start', { step: n, lib: 'langgraph', chain_type: 'x' }));
    const line = step('chain_start', { step: 4, lib: 'langgraph', chain_type: 'y' });
    const { index, evidence } = attribute(
      line,
      START_MS + 100,
      [seen(at(3)), seen(at(7), true)],
      habits,
      true,
    );
    expect(index).toBe(0);
    expect(evidence).toContain('step 4 comes after step 3');
  });

  test('durations that do not hold on the stream decide nothing', () => {
    const early = runOf('early', step('llm_start'), step('log'), step('log'));
    const late = runOf('late', step('llm_start'));
    const line = step('llm_end', { duration_ms: 2_500 });
    const choose = (durationTrust: number) =>
      attribute(line, START_MS + 500, [seen(early), seen(late)], { ...habits, durationTrust }, true).scores;
    const [, fits, impossible] = choose(1);
    expect(fits! - impossible!).toBeGreaterThan(5);
    const [, first, second] = choose(0);
    expect(Math.abs(first! - second!)).toBeLessThan(1);
  });

  test('the shares of all choices make one', () => {
    const { scores, confidence } = attribute(
      step('decision'),
      START_MS + 10,
      [seen(asked), seen(calls, true)],
      habits,
      true,
    );
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    expect(confidence).toBeCloseTo(Math.exp(Math.max(...scores)) / total, 2);
  });
});

describe('a line that is unsure', () => {
  /** Two sessions that wait for the same model on one stream. */
  const asking = () => {
    const run = new ParseRun();
    for (const id of ['s-1', 's-2'])
      run
        .raw(
          { message: `session_id=${id} Agent started: hold berth ${id}`, source: sourceOf('a') },
          { gapMs: 20 },
        )
        .raw({ message: `session_id=${id} Calling LLM m-1`, source: sourceOf('a') }, { gapMs: 20 });
    return run;
  };
  const homeOf = (run: ParseRun, text: string) =>
    run.finish().find(({ props }) => props.message === text)?.home_key;
  const UNSURE = 'LLM response received';

  test.each(['s-1', 's-2'])('is of session %s where the next line says so', (id) => {
    const run = asking()
      .raw({ message: UNSURE, source: sourceOf('a') }, { gapMs: 1_500 })
      .commit();
    expect(run.sent.map(({ properties }) => properties).join()).not.toContain(UNSURE);
    run.raw({ message: `session_id=${id} Calling tool tides`, source: sourceOf('a') }, { gapMs: 10 });
    expect(homeOf(run, UNSURE)).toBe(`session:${id}`);
  });

  test('is sent by the timer when nothing follows soon, and what comes later changes nothing', () => {
    const late = (id: string, fires: boolean) => {
      const run = asking().raw({ message: UNSURE, source: sourceOf('a') }, { gapMs: 1_500 });
      if (fires) run.tick(run.nowMs + 1_350).commit();
      expect(run.sent.some(({ properties }) => properties.includes(UNSURE))).toBe(fires);
      run.raw({ message: `session_id=${id} Calling tool tides`, source: sourceOf('a') }, { gapMs: 1_400 });
      return homeOf(run, UNSURE);
    };
    expect(new Set([late('s-1', true), late('s-2', true), late('s-1', false), late('s-2', false)]).size).toBe(
      1,
    );
  });

  test('survives a crash undecided', () => {
    const run = asking()
      .raw({ message: UNSURE, source: sourceOf('a') }, { gapMs: 1_500 })
      .crash()
      .raw({ message: 'session_id=s-1 Calling tool tides', source: sourceOf('a') }, { gapMs: 10 });
    expect(homeOf(run, UNSURE)).toBe('session:s-1');
  });

  test('an object that is printed line by line has the ids that its later lines show', () => {
    const run = asking().lines('a', '{', '  "message": "Calling tool tides",', '  "session_id": "s-3"', '}');
    const row = run.finish().at(-1)!;
    expect(row).toMatchObject({ home_key: 'session:s-3', session_id: 's-3', event_type: 'tool_call' });
  });
});
