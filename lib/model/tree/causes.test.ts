import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCauses } from './causes.js';
import { stepOf } from './step.js';

let clock = 0;
const step = (event_id: string, event_type: string, properties: object = {}, agent_id: string | null = 'a') =>
  stepOf({
    event_id,
    timestamp: new Date(++clock).toISOString(),
    event_type,
    agent_id,
    properties: { ...properties },
  });
const web = { tool_name: 'web' };
const sql = { tool_name: 'sql' };
const edges = (steps: ReturnType<typeof step>[]) =>
  findCauses(steps).map(({ event_id, cause_id, reason }) => `${event_id} <- ${cause_id} (${reason})`);

describe('what caused what', () => {
  test('a result answers the open call of its tool', () => {
    expect(
      edges([
        step('c1', 'tool_call', web),
        step('c2', 'tool_call', sql),
        step('r1', 'tool_result', web),
        step('r2', 'tool_error', sql),
        step('r3', 'tool_result', sql),
      ]),
    ).toEqual(['r1 <- c1 (answers_call)', 'r2 <- c2 (answers_call)']);
  });

  test('thought, action, call and observation make a chain', () => {
    expect(
      edges([
        step('t', 'agent_thought'),
        step('a', 'agent_action', web),
        step('l', 'log'),
        step('c', 'tool_call', web),
        step('r', 'tool_result'),
      ]),
    ).toEqual([
      'a <- t (follows_thought)',
      'l <- a (part_of)',
      'c <- a (follows_action)',
      'r <- c (answers_call)',
    ]);
  });

  test('an observation after an action without a call answers the action', () => {
    expect(edges([step('a', 'agent_action', web), step('r', 'tool_result')])).toEqual([
      'r <- a (answers_call)',
    ]);
  });

  test('what happens in a chain is part of it, and its end ends it', () => {
    expect(
      edges([step('s', 'chain_start'), step('q', 'query'), step('e', 'chain_end'), step('x', 'log')]),
    ).toEqual(['q <- s (part_of)', 'e <- s (ends)']);
  });

  test('an error right after a call that nothing answers was raised by it', () => {
    const call = step('c', 'tool_call', web);
    const error = step('e', 'error');
    expect(edges([call, step('l', 'log'), error])).toContain('e <- c (answers_call)');
    expect(edges([call, error, step('r', 'tool_result', web)])).toEqual([
      'e <- c (raised_after)',
      'r <- c (answers_call)',
    ]);
  });

  test('an error that answers no call came after the step right before it', () => {
    expect(
      edges([step('a', 'agent_thought'), step('l', 'log'), step('e', 'error'), step('t', 'agent_thought')]),
    ).toEqual(['e <- a (raised_after)']);
  });

  test('ids decide where lines carry them', () => {
    const id = (call_id: string) => ({ ...web, call_id });
    expect(
      edges([
        step('c1', 'tool_call', id('1')),
        step('c2', 'tool_call', id('2')),
        step('r1', 'tool_result', id('1'), 'b'),
        step('r2', 'tool_result', id('2')),
        step('s1', 'llm_end', { span_id: 'x', parent_span_id: 'y' }),
        step('s2', 'agent_finish', { span_id: 'y', duration_ms: 9 }),
      ]),
    ).toEqual(['r1 <- c1 (answers_call)', 'r2 <- c2 (answers_call)', 's1 <- s2 (part_of)']);
  });

  test('agents are kept apart', () => {
    expect(edges([step('c1', 'tool_call', web, 'a'), step('r1', 'tool_result', web, 'b')])).toEqual([]);
  });

  test('the end of a model call answers the start of that model', () => {
    expect(
      edges([
        step('s1', 'llm_start', { model: 'm1' }),
        step('s2', 'llm_start', { model: 'm2' }),
        step('e1', 'llm_end', { model: 'm1' }),
        step('e2', 'llm_error', { model: 'm2' }),
      ]),
    ).toEqual(['e1 <- s1 (answers_call)', 'e2 <- s2 (answers_call)']);
  });

  test('the order of arrival changes nothing, no event has two causes, and none is its own', () => {
    const types = [
      'agent_thought',
      'agent_action',
      'tool_call',
      'tool_result',
      'error',
      'chain_start',
      'chain_end',
      'log',
    ];
    const steps = fc
      .array(
        fc.tuple(fc.constantFrom(...types), fc.constantFrom(web, sql, {}), fc.constantFrom('a', 'b', null)),
      )
      .map((some) =>
        some.map(([type, properties, agent], index) => step(`e${index}`, type, properties, agent)),
      );
    const orders = steps.chain((some) =>
      fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
    );
    fc.assert(
      fc.property(orders, ([some, shuffled]) => {
        const causes = findCauses(some);
        expect(findCauses(shuffled)).toEqual(causes);
        expect(new Set(causes.map(({ event_id }) => event_id)).size).toBe(causes.length);
        for (const { event_id, cause_id } of causes) expect(cause_id).not.toBe(event_id);
      }),
    );
  });
});
