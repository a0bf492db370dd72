import { describe, expect, it } from 'vitest';
import type { AgentEvent, GroupLink, GroupState } from '../../lib/model/events.js';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { HOUR, handMadeDriver, MINUTE, type Sent, send, T0 } from './hand-made.js';
import { totalsThatDiffer } from './rows.js';

const session = (name: string) => uuidOf(groupKeys.session(name));
const event = (id: string, over: Partial<Sent> = {}): Sent => ({
  stream: 's1',
  id,
  ms: T0,
  type: 'decision',
  ...over,
});

describe('which trace an event gets', () => {
  it('takes an explicit trace id as it is given', () => {
    const driver = handMadeDriver();
    send(driver, event('e1', { trace: 'order 66/ä' }));
    driver.settle();
    const { events, traces } = driver.lastRows();
    expect(events.get('e1')).toMatchObject({ trace_id: 'order 66/ä', group_id: uuidOf('trace:order 66/ä') });
    expect(traces.get('order 66/ä')).toMatchObject({ total_events: 1, session_id: null });
  });

  it('gives a session the id of its own group while nothing binds it', () => {
    const driver = handMadeDriver();
    send(driver, event('e1', { session: 'S' }), event('e2', { session: 'S', stream: 's2' }));
    driver.settle();
    expect([...driver.lastRows().traces.keys()]).toEqual([session('S')]);
    expect(driver.lastRows().traces.get(session('S'))).toMatchObject({ total_events: 2, session_id: 'S' });
  });

  it('moves a session when a bind comes late, by one link', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S' }), event('e2', { session: 'S' }));
    send(driver, event('e3', { session: 'S', trace: 'T', stream: 's2' }));
    const links = driver.read('agent-events').filter((record) => record.schema === 'group-link');
    expect(links.map((link) => link.value as GroupLink)).toMatchObject([
      { group_id: session('S'), trace_id: 'T', previous_trace_id: session('S'), session_id: 'S' },
    ]);
    const rows = driver.lastRows();
    expect([...rows.events.values()].map((row) => row.trace_id)).toEqual(['T', 'T', 'T']);
    expect(rows.traces.get('T')).toMatchObject({ total_events: 3, session_id: 'S', merged_into: null });
    expect(rows.traces.get(session('S'))).toMatchObject({ total_events: 0, merged_into: 'T', group_ids: [] });
  });

  it('writes no link where the bind came first, and the same last rows', () => {
    const early = handMadeDriver({ eager: true });
    send(early, event('e3', { session: 'S', trace: 'T', stream: 's2' }));
    send(early, event('e1', { session: 'S' }), event('e2', { session: 'S' }));
    expect(early.read('agent-events').filter((record) => record.schema === 'group-link')).toEqual([]);
    expect(early.lastRows().traces.get('T')).toMatchObject({ total_events: 3 });
    expect(early.lastRows().traces.get(session('S'))).toMatchObject({ total_events: 0, merged_into: 'T' });
  });

  it('lets the least bind by (time, event id) win, whatever the order', () => {
    const binds = [
      event('b', { session: 'S', trace: 'T2', ms: T0 + 5, stream: 's2' }),
      event('c', { session: 'S', trace: 'T1', ms: T0 + 5, stream: 's3' }),
      event('a', { session: 'S', trace: 'T3', ms: T0 + 9, stream: 's4' }),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const driver = handMadeDriver({ eager: true });
      send(driver, event('e1', { session: 'S' }));
      send(driver, ...order.map((at) => binds[at]!));
      const rows = driver.lastRows();
      expect(rows.events.get('e1')!.trace_id).toBe('T2');
      expect(rows.traces.get('T2')!.total_events).toBe(2);
      expect(rows.traces.get('T1')).toMatchObject({ total_events: 1, merged_into: null });
      expect(totalsThatDiffer(rows)).toEqual([]);
    }
  });

  it('dates a trace that a run has left by when it left, where nothing else dates it', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { run: 'r' }), event('e2', { session: 'S', adopts: 'r' }));
    const rows = driver.lastRows();
    const left = [...rows.traces.values()].filter(({ merged_into }) => merged_into !== null);
    expect(left).toHaveLength(1);
    // a store takes no time that no calendar has
    expect(left[0]).toMatchObject({ total_events: 0, start_ms: T0, end_ms: T0 });
  });

  it('says where a session went, whatever a run knows that one of its traces has adopted', () => {
    for (const run of ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7']) {
      const driver = handMadeDriver({ eager: true });
      send(
        driver,
        event('e1', { run }),
        event('e2', { session: 'S', trace: 'T2', adopts: run, ms: T0 + 5 }),
        event('e3', { session: 'S', trace: 'T1', stream: 's2' }),
        event('e4', { session: 'S', stream: 's3' }),
      );
      const rows = driver.lastRows();
      expect([rows.events.get('e1')!.trace_id, rows.events.get('e4')!.trace_id]).toEqual(['T2', 'T1']);
      expect(rows.traces.get(session('S'))).toMatchObject({ total_events: 0, merged_into: 'T1' });
    }
  });

  it('makes one trace of a returned trace id that is then sent as explicit', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S' }), event('e2', { trace: session('S') }));
    send(driver, event('e3', { trace: session('S'), session: 'S' }));
    const rows = driver.lastRows();
    expect([...rows.traces.keys()]).toEqual([session('S')]);
    expect(rows.traces.get(session('S'))).toMatchObject({ total_events: 3, merged_into: null });
  });
});

describe('duplicates and amends', () => {
  it('stores an event sent twice once and answers whoever waits with its trace id', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S', replyTo: 'gw/1' }));
    send(driver, event('e1', { session: 'S', replyTo: 'gw/2', at: T0 + 9 }));
    const records = driver.read('agent-events');
    expect(records.map((record) => [record.schema, record.headers['reply-to']])).toEqual([
      ['agent-event', 'gw/1'],
      ['group-link', 'gw/2'],
    ]);
    const link = records[1]!.value as GroupLink;
    expect(link.trace_id).toBe(session('S'));
    expect(link.previous_trace_id).toBe(link.trace_id);
    expect(driver.lastRows().traces.get(session('S'))!.total_events).toBe(1);
    expect(driver.lastRows().events.get('e1')!.created_ms).toBe(T0);
  });

  it('knows a duplicate among more events than the head keeps, also after a restore', () => {
    const driver = handMadeDriver();
    const ids = Array.from({ length: 1_000 }, (_, i) => `e${i}`);
    send(driver, ...ids.map((id) => event(id, { session: 'S' })));
    driver.settle(37);
    driver.crash();
    send(driver, ...ids.map((id) => event(id, { session: 'S' })));
    driver.settle(41);
    expect(driver.read('agent-events')).toHaveLength(1_000);
    expect(driver.lastRows().traces.get(session('S'))!.total_events).toBe(1_000);
  });

  it('counts an amended event as its fuller form alone', () => {
    const driver = handMadeDriver({ eager: true });
    const tool = { tool_name: 'search', duration_ms: 20.5 };
    send(driver, event('e1', { session: 'S', type: 'tool_call', properties: { tool_name: 'sear' } }));
    send(
      driver,
      event('e1', { session: 'S', type: 'tool_error', properties: tool, amends: true, at: T0 + 7 }),
    );
    const trace = driver.lastRows().traces.get(session('S'))!;
    expect(trace).toMatchObject({
      total_events: 1,
      error_count: 1,
      event_counts: { tool_error: 1 },
      status: 'failed',
    });
    expect(trace.tools).toEqual({ search: { calls: 1, errors: 1, timed: 1, total_ms: 20.5 } });
    const emitted = driver.read('agent-events').map((record) => record.value as AgentEvent);
    expect(emitted.map((one) => one.event_type)).toEqual(['tool_call', 'tool_error']);
    expect(emitted[1]!.revision).toBeGreaterThan(emitted[0]!.revision);
  });

  it('takes an amend whose first emission it never saw as new', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S', amends: true }));
    expect(driver.lastRows().traces.get(session('S'))!.total_events).toBe(1);
  });

  it('has the store recount where an amend comes too late to be counted exactly', () => {
    const driver = handMadeDriver();
    send(driver, event('e0', { session: 'S', type: 'tool_call' }));
    send(driver, ...Array.from({ length: 200 }, (_, i) => event(`f${i}`, { session: 'S', ms: T0 + i })));
    send(driver, event('e0', { session: 'S', type: 'tool_error', amends: true }));
    driver.settle();
    const [last] = driver.read('agent-traces').slice(-1);
    expect(last!.value).toMatchObject({ state_lost: true, error_count: 0 });
    expect(driver.lastRows().traces.get(session('S'))).toMatchObject({ total_events: 201, error_count: 1 });
  });
});

describe('a group that grows too long', () => {
  it('goes on as a group of its own that says what it continues', () => {
    const driver = handMadeDriver({ maxEventsPerTrace: 3, eager: true });
    send(driver, ...Array.from({ length: 8 }, (_, i) => event(`e${i}`, { session: 'S', ms: T0 + i })));
    const part = (n: number) => uuidOf(`cont:${session('S')}:${n}`);
    const { events, traces } = driver.lastRows();
    expect(traces.get(session('S'))).toMatchObject({ total_events: 3, status: 'truncated', continues: null });
    expect(traces.get(part(2))).toMatchObject({
      total_events: 3,
      status: 'truncated',
      continues: session('S'),
    });
    expect(traces.get(part(3))).toMatchObject({ total_events: 2, status: 'running', continues: part(2) });
    expect(events.get('e7')).toMatchObject({ group_id: part(3), trace_id: part(3), session_id: 'S' });
  });

  it('moves only its first part when the session is bound, and the second follows by name', () => {
    const driver = handMadeDriver({ maxEventsPerTrace: 2, eager: true });
    send(driver, ...Array.from({ length: 5 }, (_, i) => event(`e${i}`, { session: 'S', ms: T0 + i })));
    send(driver, event('b', { session: 'S', trace: 'T', ms: T0 + 9 }));
    const rows = driver.lastRows();
    const part2 = uuidOf(`cont:${session('S')}:2`);
    expect(rows.traces.get('T')).toMatchObject({ total_events: 3, status: 'truncated' });
    expect(rows.traces.get(part2)).toMatchObject({ total_events: 2, continues: 'T' });
    expect(rows.traces.get(session('S'))).toMatchObject({ total_events: 0, merged_into: 'T' });
    expect(totalsThatDiffer(rows)).toEqual([]);
  });

  it('remembers over a restore what was amended in the part before, exactly or not', () => {
    const driver = handMadeDriver({ maxEventsPerTrace: 40, eager: true });
    send(driver, ...Array.from({ length: 45 }, (_, i) => event(`e${i}`, { session: 'S', ms: T0 + i })));
    const amend = (i: number) => event(`e${i}`, { session: 'S', type: 'error', amends: true, ms: T0 + i });
    send(driver, amend(38));
    driver.crash();
    send(driver, amend(39));
    const last = () => driver.read('group-states').at(-1)!.value as GroupState;
    expect(last()).toMatchObject({ group_id: session('S'), error_count: 2, state_lost: false });
    send(driver, amend(0));
    driver.crash();
    send(driver, amend(37));
    expect(last()).toMatchObject({ group_id: session('S'), error_count: 3, state_lost: true });
    expect(driver.lastRows().traces.get(session('S'))).toMatchObject({ total_events: 40, error_count: 4 });
  });

  it('knows duplicates of every part and amends the part before exactly', () => {
    const driver = handMadeDriver({ maxEventsPerTrace: 40, eager: true });
    const all = Array.from({ length: 130 }, (_, i) => event(`e${i}`, { session: 'S', ms: T0 + i }));
    send(driver, ...all, ...all);
    expect(driver.read('agent-events')).toHaveLength(130);
    send(driver, event('e119', { session: 'S', type: 'error', amends: true, ms: T0 + 119 }));
    const part3 = uuidOf(`cont:${session('S')}:3`);
    expect(driver.lastRows().traces.get(part3)).toMatchObject({ total_events: 40, error_count: 1 });
    expect(
      driver.read('agent-traces').every((record) => !(record.value as { state_lost: boolean }).state_lost),
    ).toBe(true);
  });
});

describe('what is forgotten', () => {
  it('drops ids after an hour of quiet and tells the store of an event that may be a duplicate', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S' }), event('e2', { session: 'S', ms: T0 + 50 }));
    driver.advance(61 * MINUTE);
    const before = driver.task('trace-0').task.state.size;
    send(driver, event('e1', { session: 'S' }));
    const [last] = driver.read('agent-events').slice(-1);
    expect((last!.value as AgentEvent).flags).toEqual(['state_lost']);
    expect(driver.lastRows().events.get('e1')!.flags).toEqual([]);
    expect(driver.lastRows().traces.get(session('S'))!.total_events).toBe(2);
    expect(before).toBeLessThanOrEqual(2);
  });

  it('says nothing of the kind about an event that is later than all that was dropped', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S' }));
    driver.advance(2 * HOUR);
    send(driver, event('e2', { session: 'S', ms: T0 + 2 * HOUR }));
    const [last] = driver.read('agent-events').slice(-1);
    expect((last!.value as AgentEvent).flags).toEqual([]);
    expect(driver.read('group-states').at(-1)!.value).toMatchObject({ total_events: 2, state_lost: false });
  });

  it('keeps ids for as long as a group goes on', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e0', { session: 'S' }));
    for (let i = 1; i <= 10; i++) {
      driver.advance(30 * MINUTE);
      send(driver, event(`e${i}`, { session: 'S', ms: driver.nowMs }));
    }
    send(driver, event('e0', { session: 'S' }));
    expect(driver.read('agent-events')).toHaveLength(11);
  });

  it('forgets a quiet group after the retention, keeps its root, and says that counts start anew', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('e1', { session: 'S' }), event('e2', { session: 'S', trace: 'T', ms: T0 + 1 }));
    driver.advance(26 * HOUR);
    expect(
      [...driver.task('trace-0').task.state.entries()].map(([, state]) => (state as { kind: string }).kind),
    ).toEqual(['retired', 'retired']);
    send(driver, event('e3', { session: 'S', ms: driver.nowMs }));
    expect(driver.read('group-states').at(-1)!.value as GroupState).toMatchObject({
      trace_id: 'T',
      total_events: 1,
      state_lost: true,
    });
    const rows = driver.lastRows();
    expect(rows.traces.get('T')).toMatchObject({ total_events: 3, start_ms: T0 });
    expect(totalsThatDiffer(rows)).toEqual([]);
    driver.advance(9 * 24 * HOUR);
    expect(driver.task('trace-0').task.state.size).toBe(0);
    expect(driver.task('aggregate-0').task.state.size).toBe(0);
  });

  it('leaves nothing of runs and single events', () => {
    const driver = handMadeDriver({ eager: true });
    send(driver, event('r1', { run: 'r1' }), event('r2', { run: 'r1' }), event('alone'));
    driver.advance(26 * HOUR);
    expect(driver.task('trace-0').task.state.size).toBe(0);
    expect(driver.task('aggregate-0').task.state.size).toBe(0);
    send(driver, event('r3', { run: 'r1', ms: driver.nowMs }));
    expect(driver.read('group-states').at(-1)!.value).toMatchObject({ state_lost: true });
    expect(driver.lastRows().traces.get(uuidOf(groupKeys.run('s1', 'agent', 'r1')))!.total_events).toBe(3);
  });
});

describe('a pack that cannot be read', () => {
  it('stops the process, since it holds the events of many streams', () => {
    const driver = handMadeDriver();
    driver.pipe('parsed-events', { key: null, value: Buffer.from([0, 0, 0, 0, 2, 9]) });
    expect(() => driver.settle()).toThrow('the pack at parsed-events/0@0 cannot be read: AVRO_BODY');
    expect(driver.read('dead-letter')).toEqual([]);
  });
});

describe('one transaction', () => {
  it('sends one state of each touched group and one record of each trace', () => {
    const driver = handMadeDriver();
    send(driver, ...Array.from({ length: 500 }, (_, i) => event(`e${i}`, { session: `S${i % 5}` })));
    driver.settle();
    expect(driver.read('agent-events')).toHaveLength(500);
    expect(driver.read('group-states')).toHaveLength(5);
    expect(driver.read('agent-traces')).toHaveLength(5);
  });

  it('grows revisions strictly per group and per event', () => {
    const driver = handMadeDriver();
    send(driver, ...Array.from({ length: 60 }, (_, i) => event(`e${i}`, { session: `S${i % 3}` })));
    send(
      driver,
      ...Array.from({ length: 60 }, (_, i) => event(`e${i}`, { session: `S${i % 3}`, amends: true })),
    );
    driver.settle(7);
    const last = new Map<string, number>();
    for (const record of driver.read('agent-events')) {
      const { group_id, revision } = record.value as AgentEvent;
      expect(revision).toBeGreaterThan(last.get(group_id) ?? -1);
      last.set(group_id, revision);
    }
  });
});
