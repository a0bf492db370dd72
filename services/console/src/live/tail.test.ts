import { describe, expect, it } from 'vitest';
import type { EventOut } from '../api/types.js';
import { extended } from './tail.js';

const event = (id: string, second: number, message = id): EventOut => ({
  event_id: id,
  trace_id: 't',
  group_id: 'g',
  session_id: null,
  agent_id: 'support-bot',
  timestamp: new Date(second * 1_000).toISOString(),
  event_type: 'tool_call',
  framework: null,
  properties: { message },
  source: null,
  flags: [],
  revision: 1,
  generation: 1,
  created_at: '2026-01-07T19:00:00.000Z',
  updated_at: '2026-01-07T19:00:00.000Z',
});
const ids = (events: EventOut[]) => events.map(({ event_id }) => event_id);

describe('the live tail', () => {
  it('puts what came in its place in time, each event once, as it was last told', () => {
    const lines = extended([event('c', 3), event('a', 1)], [event('b', 2), event('c', 3, 'fuller')]);
    expect(ids(lines)).toEqual(['c', 'b', 'a']);
    expect(lines[0]!.properties).toEqual({ message: 'fuller' });
  });

  it('forgets the oldest beyond its bound', () => {
    expect(ids(extended([event('a', 1), event('b', 2)], [event('c', 3)], 2))).toEqual(['c', 'b']);
  });
});
