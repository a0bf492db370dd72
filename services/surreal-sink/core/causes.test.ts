import { describe, expect, test } from 'vitest';
import type { GroupStep } from '../../../lib/stores/surreal/causes.js';
import { findCauses } from './causes.js';

let clock = 0;
const step = (event_id: string, event_type: string, given: Partial<GroupStep> = {}): GroupStep => ({
  event_id,
  timestamp_ms: ++clock,
  event_type,
  agent_id: 'a',
  tool_name: null,
  model: null,
  asked: true,
  ...given,
});
const edges = (steps: GroupStep[]) =>
  findCauses(steps).map(({ event_id, cause_id, reason }) => `${event_id} <- ${cause_id} (${reason})`);

describe('findCauses', () => {
  test('a result answers the last open call of its tool', () => {
    expect(
      edges([
        step('c1', 'tool_call', { tool_name: 'web' }),
        step('c2', 'tool_call', { tool_name: 'sql' }),
        step('r1', 'tool_result', { tool_name: 'web' }),
        step('r2', 'tool_error', { tool_name: 'sql' }),
        step('r3', 'tool_result', { tool_name: 'sql' }),
      ]),
    ).toEqual(['r1 <- c1 (answers_call)', 'r2 <- c2 (answers_call)']);
  });

  test('a result without a tool name answers the last open call', () => {
    expect(edges([step('c1', 'tool_call', { tool_name: 'web' }), step('r1', 'tool_result')])).toEqual([
      'r1 <- c1 (answers_call)',
    ]);
  });

  test('thought, action, call and observation make a chain', () => {
    expect(
      edges([
        step('t', 'agent_thought'),
        step('a', 'agent_action', { tool_name: 'web' }),
        step('c', 'tool_call', { tool_name: 'web' }),
        step('r', 'tool_result', { tool_name: 'web' }),
      ]),
    ).toEqual(['a <- t (follows_thought)', 'c <- a (follows_action)', 'r <- c (answers_call)']);
  });

  test('an observation after an action without a call answers the action', () => {
    expect(edges([step('a', 'agent_action', { tool_name: 'web' }), step('r', 'tool_result')])).toEqual([
      'r <- a (answers_call)',
    ]);
  });

  test('agents are kept apart', () => {
    expect(
      edges([
        step('c1', 'tool_call', { tool_name: 'web', agent_id: 'a' }),
        step('r1', 'tool_result', { tool_name: 'web', agent_id: 'b' }),
      ]),
    ).toEqual([]);
  });

  test('only events that asked get an edge, and order is by time, not by arrival', () => {
    const call = step('c1', 'tool_call', { tool_name: 'web', asked: false });
    const result = step('r1', 'tool_result', { tool_name: 'web' });
    expect(edges([result, call])).toEqual(['r1 <- c1 (answers_call)']);
    expect(edges([{ ...result, asked: false }, call])).toEqual([]);
  });

  test('the end of a model call answers the start of that model', () => {
    expect(
      edges([
        step('s1', 'llm_start', { model: 'm1' }),
        step('s2', 'llm_start', { model: 'm2' }),
        step('e1', 'llm_end', { model: 'm1' }),
      ]),
    ).toEqual(['e1 <- s1 (answers_call)']);
  });
});
