import { describe, expect, test } from 'vitest';
import { sampleEvent } from '../../../lib/stores/surreal/fixtures.js';
import { KnownGroups } from './known-groups.js';

const asks = { auto_create_traces: true, generate_embeddings: true, extract_relationships: true };
const call = sampleEvent({ event_id: 'call', event_type: 'tool_call', timestamp_ms: 1, options: asks });
const result = sampleEvent({ event_id: 'result', event_type: 'tool_result', timestamp_ms: 2, options: asks });
const edge = { event_id: 'result', cause_id: 'call', reason: 'answers_call' };

describe('the groups of a partition', () => {
  test('grow with what is written, and know the edges that they have', () => {
    const known = new KnownGroups();
    expect(known.add('g', [result])).toEqual({ existing: [], wanted: [] });
    known.wrote('g', []);
    const second = known.add('g', [call]);
    expect(second).toEqual({ existing: [], wanted: [edge] });
    known.wrote('g', second.wanted);
    expect(known.add('g', [call])).toEqual({ existing: [edge], wanted: [edge] });
  });

  test('an event that did not ask takes part and gets no edge', () => {
    const known = new KnownGroups();
    known.add('g', [{ ...call, options: null }]);
    expect(known.add('g', [result]).wanted).toEqual([edge]);
    expect(known.add('g', [{ ...result, options: null }]).wanted).toEqual([]);
  });

  test('the group quiet for longest is forgotten above the limit', () => {
    const known = new KnownGroups(3);
    for (const groupId of ['a', 'b']) {
      known.add(groupId, [call, result]);
      known.wrote(groupId, []);
    }
    expect([known.has('a'), known.has('b')]).toEqual([false, true]);
    known.forget('b');
    expect(known.has('b')).toBe(false);
  });
});
