import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { createProducer, type IdempotentProducer } from '../../lib/kafka/producer.js';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import type { SurrealStore } from '../../lib/stores/surreal/index.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { readPoints, readRecords } from '../faults/check/holdings.js';
import { vectadb } from '../pipeline/pipeline.js';
import { surrealOf } from '../pipeline/surreal.js';

const SINKS = ['surreal-sink', 'qdrant-sink'];
const EACH = 60;
/** More than a page of rows. */
const LARGE = 1_200;
const TRACE = 'trace-to-go';
const SESSION = 'session-to-go';
const LARGE_SESSION = 'large-session';

let stack: TestStack;
let producer: IdempotentProducer;
let store: SurrealStore;
let gateway: TestService;
const sinks = new Map<string, TestService>();
let sent = 0;
let keptEvents = 0;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  await vectadb(stack, ['topics', 'apply']);
  const processor = await stack.spawnService('processor');
  for (const name of SINKS) sinks.set(name, await stack.spawnService(name, { id: 'one' }));
  gateway = await stack.spawnService('gateway', { env: { AUTH: 'off' } });
  for (const service of [processor, ...sinks.values(), gateway]) await service.waitReady(120_000);
  producer = await createProducer({ brokers: stack.brokers, clientId: 'erasure' }, 0);
  store = await surrealOf(stack);
}, 300_000);
afterAll(async () => {
  await producer?.close();
  await store?.close();
  await stack?.stop();
});

const body = (ids: { trace_id?: string; session_id?: string }) => ({
  key: null,
  value: Buffer.from(
    JSON.stringify({
      event_id: uuidOf(`erasure:${sent++}`),
      timestamp: new Date().toISOString(),
      event_type: 'tool_call',
      properties: { message: `what may not come back ${sent}` },
      ...ids,
    }),
  ),
});
const send = (ids: { trace_id?: string; session_id?: string }, count = EACH) =>
  producer.send(
    'raw-logs',
    Array.from({ length: count }, () => body(ids)),
  );

async function keep(session: string, count = EACH): Promise<void> {
  await send({ session_id: session }, count);
  keptEvents += count;
}

/** Every kept event is in both stores, and all that was sent has been read by every stage. */
async function settled(): Promise<void> {
  await waitFor(
    'the stores to have all that is kept, and nothing to wait',
    async () => {
      const [[row]] = await store.query<[{ count: number }[]]>(
        'SELECT count() FROM agent_event WHERE session_id = /^kept/ GROUP ALL;',
      );
      if ((row?.count ?? 0) < keptEvents) return false;
      const answer = await fetch(`${gateway.url}/api/v1/groups`);
      const { groups } = (await answer.json()) as { groups: { group: string; lag: number }[] };
      const ours = groups.filter(({ group }) => group.startsWith('vectadb-'));
      return ours.length >= 5 && ours.every(({ lag }) => lag === 0);
    },
    { limitMs: 90_000, everyMs: 500 },
  );
}

/** What both stores and the topic of traces hold of what is to be gone. */
async function remains() {
  const gone = [TRACE, SESSION, LARGE_SESSION];
  const groups = [
    uuidOf(groupKeys.trace(TRACE)),
    ...[SESSION, LARGE_SESSION].map((id) => uuidOf(groupKeys.session(id))),
  ];
  const [rows, traces, facts] = await store.query<[unknown[], unknown[], { count: number }[]]>(
    `SELECT VALUE id FROM agent_event WHERE session_id IN $gone OR trace_id IN $gone OR group_id IN $groups;
     SELECT VALUE id FROM agent_trace WHERE record::id(id) IN $gone OR record::id(id) IN $groups OR session_id IN $gone;
     SELECT count() FROM event_fact GROUP ALL;`,
    { gone, groups },
  );
  const points = await readPoints(stack.env.QDRANT_URL!);
  return {
    rows: rows.length,
    traces: traces.length,
    points: points.filter(({ trace_id }) => [...gone, ...groups].includes(trace_id)).length,
    besides: [(facts[0]?.count ?? 0) - keptEvents, points.length - keptEvents],
  };
}
const NOTHING = { rows: 0, traces: 0, points: 0, besides: [0, 0] };

async function erase(path: string): Promise<{ traces: number; events: number; vectors: number }> {
  const answer = await fetch(`${gateway.url}/api/v1/${path}`, { method: 'DELETE' });
  expect([answer.status, path]).toEqual([200, path]);
  return (await answer.json()) as { traces: number; events: number; vectors: number };
}

describe('what was erased', () => {
  let startedAt: string;

  it('goes from both stores while its events still come, and takes nothing else along', async () => {
    startedAt = new Date(Date.now() - 1_000).toISOString();
    await keep('kept-0');
    await send({ session_id: LARGE_SESSION }, LARGE);
    await send({ trace_id: TRACE, session_id: 'of-the-trace' });
    await send({ session_id: SESSION });
    await settled();
    expect((await remains()).rows).toBe(LARGE + 2 * EACH);

    let flowing = true;
    const flow = (async () => {
      while (flowing) {
        await send({ trace_id: TRACE }, 5);
        await send({ session_id: SESSION }, 5);
        await send({ session_id: LARGE_SESSION }, 5);
        await keep('kept-1', 5);
        await delay(20);
      }
    })();
    await delay(500);
    const erased = await Promise.all([
      erase(`traces/${TRACE}`),
      erase(`sessions/${SESSION}`),
      erase(`sessions/${LARGE_SESSION}`),
    ]);
    await delay(1_000);
    flowing = false;
    await flow;
    expect(erased[0]).toMatchObject({ traces: 1 });
    for (const { events } of erased) expect(events).toBeGreaterThanOrEqual(EACH);
    expect(erased[2]!.events).toBeGreaterThanOrEqual(LARGE);
    await settled();
    expect(await remains()).toEqual(NOTHING);
  });

  it('does not come back with late lines, nor when the sinks are killed and read again', async () => {
    for (const name of SINKS) {
      await send({ session_id: SESSION }, 20);
      await send({ trace_id: TRACE, session_id: 'late-to-the-trace' }, 20);
      await sinks.get(name)!.kill();
      await send({ session_id: LARGE_SESSION }, 20);
      sinks.set(name, await stack.spawnService(name, { id: 'one' }));
      await sinks.get(name)!.waitReady(60_000);
      await keep('kept-2');
      await settled();
      expect(await remains()).toEqual(NOTHING);
    }
  });

  it('does not come back with a session that joins the trace', async () => {
    await send({ session_id: 'joins-later' });
    await keep('kept-3');
    await settled();
    await send({ trace_id: TRACE, session_id: 'joins-later' }, 1);
    await keep('kept-3');
    await settled();
    expect(await remains()).toEqual(NOTHING);
  });

  it('does not come back out of dead-letter', async () => {
    const line = Buffer.from(`session_id=${SESSION} caf\u00e9 was ordered`, 'latin1');
    await producer.send('raw-logs', [{ key: 'key-of-a-stream', value: line }]);
    await waitFor('a dead letter', async () => (await readRecords(stack.brokers, 'dead-letter')).length > 0, {
      limitMs: 30_000,
    });
    await vectadb(stack, [
      'dlq',
      'redrive',
      '--cause',
      'INVALID_UTF8',
      '--encoding',
      'windows-1252',
      '--yes',
    ]);
    await keep('kept-4');
    await settled();
    expect(await remains()).toEqual(NOTHING);
  });

  it('does not come back with a replay that is promoted', async () => {
    await vectadb(stack, ['replay', '--from', startedAt]);
    await vectadb(stack, ['replay', '--promote']);
    await keep('kept-5');
    await settled();
    expect(await remains()).toEqual(NOTHING);
  });

  it('is known by its hash alone', async () => {
    const records = await readRecords(stack.brokers, 'erasures');
    expect(records.length).toBeGreaterThan(3);
    const text = records.map(({ key, value }) => `${key} ${value}`).join('\n');
    for (const id of [TRACE, SESSION, LARGE_SESSION]) expect(text).not.toContain(id);
    const tombstones = (await readRecords(stack.brokers, 'agent-traces')).filter(
      ({ value }) => value === null,
    );
    expect(tombstones.map(({ key }) => key?.toString())).toContain(TRACE);
  });
});
