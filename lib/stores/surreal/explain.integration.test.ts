import { expect, test } from 'vitest';
import { groupKeys, uuidOf } from '../../model/ids.js';
import type { SurrealStore } from './connection.js';
import { getEventContext } from './explain.js';
import { sampleEvent, sampleTrace } from './fixtures.js';
import { ownStore } from './own-store.js';
import { writeEvents, writeTraces } from './writes.js';

let store: SurrealStore;
ownStore((opened) => {
  store = opened;
});

const ids = (siblings: { event_id: string }[]) => siblings.map(({ event_id }) => event_id);

test('an event that is not there has no context', async () => {
  expect(await getEventContext(store, 'none', 5)).toBeNull();
});

test('the nearest events of the trace stand on either side, in order, those of the same millisecond too', async () => {
  const at = (event_id: string, timestamp_ms: number) => sampleEvent({ event_id, timestamp_ms });
  await writeEvents(store, [
    ...Array.from({ length: 20 }, (_, i) => at(`e${String(i).padStart(2, '0')}`, 1_000 * Math.floor(i / 2))),
    sampleEvent({ event_id: 'elsewhere', timestamp_ms: 5_000, trace_id: 't2' }),
  ]);
  const context = (await getEventContext(store, 'e10', 3))!;
  expect(ids(context.before)).toEqual(['e07', 'e08', 'e09']);
  expect(ids(context.after)).toEqual(['e11', 'e12', 'e13']);
  expect(ids((await getEventContext(store, 'e00', 3))!.before)).toEqual([]);
  expect(ids((await getEventContext(store, 'e19', 3))!.after)).toEqual([]);
  expect(context.after[0]).toEqual({
    event_id: 'e11',
    event_type: 'tool_call',
    timestamp: '1970-01-01T00:00:05.000Z',
    strategy: 2,
  });
});

test('a session that was moved is explained by the first event that names both', async () => {
  const group = {
    group_id: uuidOf(groupKeys.session('S')),
    group_key: 'session:S',
    session_id: 'S',
    trace_id: 'T',
  };
  const named = { group_id: uuidOf(groupKeys.trace('T')), group_key: 'trace:T', trace_id: 'T' };
  await writeEvents(store, [
    sampleEvent({ ...group, event_id: 'moved', timestamp_ms: 1_000 }),
    sampleEvent({ ...named, event_id: 'other session', session_id: 'X', timestamp_ms: 500 }),
    sampleEvent({ ...named, event_id: 'later', session_id: 'S', timestamp_ms: 3_000 }),
    sampleEvent({ ...named, event_id: 'first', session_id: 'S', timestamp_ms: 2_000 }),
  ]);
  const context = await getEventContext(store, 'moved', 5);
  expect(context?.bound_by).toEqual({ event_id: 'first', timestamp: '1970-01-01T00:00:02.000Z' });
  expect((await getEventContext(store, 'first', 5))?.bound_by).toBeNull();
});

test('a trace that was full says where it goes on, from its first part and from the next', async () => {
  const second = uuidOf(groupKeys.continuation('g1', 2));
  const third = uuidOf(groupKeys.continuation('g1', 3));
  const part = { group_id: second, trace_id: second, group_key: groupKeys.continuation('g1', 2) };
  await writeEvents(store, [sampleEvent(), sampleEvent({ ...part, event_id: 'e2' })]);
  await writeTraces(store, [sampleTrace({ trace_id: second, continues: 't1' })]);
  expect(await getEventContext(store, 'e1', 5)).toMatchObject({ continued_by: second, trace: null });
  expect(await getEventContext(store, 'e2', 5)).toMatchObject({
    continued_by: null,
    trace: { continues: 't1' },
  });
  await writeTraces(store, [sampleTrace({ trace_id: third, continues: second })]);
  expect((await getEventContext(store, 'e2', 5))?.continued_by).toBe(third);
});
