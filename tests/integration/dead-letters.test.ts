import avsc from 'avsc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { createProducer, type IdempotentProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { Codec } from '../../lib/model/codec.js';
import type { ParsedEvent, ParsedPack, RawLog } from '../../lib/model/events.js';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import type { SurrealStore } from '../../lib/stores/surreal/index.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { DEAD_LETTER_TOPIC, deadLetterHeaders } from '../../lib/topology/dead-letter.js';
import { partitionOf } from '../../lib/topology/partition.js';
import type { MintedEvent } from '../pipeline/oracle.js';
import { Pipeline, vectadb } from '../pipeline/pipeline.js';
import { surrealOf } from '../pipeline/surreal.js';

let pipeline: Pipeline;
let stack: TestStack;
let producer: IdempotentProducer;
let store: SurrealStore;
const codec = new Codec(loadSchemas());

beforeAll(async () => {
  pipeline = await Pipeline.start();
  ({ stack } = pipeline);
  producer = await createProducer({ brokers: stack.brokers, clientId: 'dead-letters' }, 0);
  store = await surrealOf(stack);
  await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
});
afterAll(async () => {
  await store?.close();
  await producer?.close();
  await pipeline?.stop();
});

interface Listed {
  letter: string;
  stage: string;
  cause: string;
  attempt: number;
  state: string;
  redrives: number;
  from: { topic: string; partition: number; offset: number };
  origin: { topic: string; partition: number; offset: number };
}
interface Group {
  stage: string;
  cause: string;
  topic: string;
  letters: number;
  open: number;
}
type Outcome = { outcome: string; to: string | null; letters: number };

const dlq = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await vectadb(stack, ['dlq', ...args, '--json'])) as T;
const list = async (...args: string[]) =>
  (await dlq<{ letters: Listed[]; summary: Group[] }>('list', ...args)).letters;
const redrive = (...args: string[]) => dlq<Outcome[]>('redrive', ...args, '--yes');

/** Letters that the options select, once there are `count` of them. */
async function letters(count: number, ...args: string[]): Promise<Listed[]> {
  let found: Listed[] = [];
  await waitFor(
    `${count} dead letters of ${args.join(' ')}`,
    async () => {
      found = await list(...args);
      return found.length === count;
    },
    { limitMs: 30_000, everyMs: 300 },
  );
  return found;
}

interface Row {
  event_id: string;
  trace_id: string;
  session_id: string;
  raw: { topic: string; partition: number; offset: number };
  flags: string[];
  properties: Record<string, unknown>;
}

const rowsOf = async (session: string): Promise<Row[]> => {
  const [rows] = await store.query<[Row[]]>(
    'SELECT record::id(id) AS event_id, trace_id, session_id, raw, flags, properties, timestamp_ms FROM agent_event WHERE session_id = $wanted ORDER BY timestamp_ms, event_id',
    { wanted: session },
  );
  return rows;
};

const pointsOf = async (eventIds: string[]): Promise<{ event_id: string; trace_id: string }[]> => {
  const { client, collection } = connectQdrant(stack.env.QDRANT_URL!);
  const filter = { must: [{ key: 'event_id', match: { any: eventIds } }] };
  const { points } = await client.scroll(collection, { limit: 100, filter, with_payload: true });
  return points.map(({ payload }) => payload as { event_id: string; trace_id: string });
};

/** Each event of the session is in both stores once, in the session's one trace, and the trace counts them. */
async function expectStored(session: string, count: number, traceId: string): Promise<Row[]> {
  await waitFor(
    `${count} rows of ${session} in ${traceId}`,
    async () => {
      const rows = await rowsOf(session);
      const points = await pointsOf(rows.map(({ event_id }) => event_id));
      const [[trace]] = await store.query<[{ total_events: number }[]]>(
        "SELECT total_events FROM type::record('agent_trace', $traceId)",
        { traceId },
      );
      const placed = (one: { trace_id: string }) => one.trace_id === traceId;
      return (
        rows.filter(placed).length === count &&
        points.filter(placed).length === count &&
        trace?.total_events === count
      );
    },
    { limitMs: 40_000, everyMs: 200 },
  ).catch(async (error: unknown) => {
    const rows = await rowsOf(session);
    const points = await pointsOf(rows.map(({ event_id }) => event_id));
    throw new Error(`${error}\n${JSON.stringify({ rows, points }, null, 1)}`);
  });
  const rows = await rowsOf(session);
  expect(rows).toHaveLength(count);
  expect(await pointsOf(rows.map(({ event_id }) => event_id))).toHaveLength(count);
  return rows;
}

const sessionTrace = (session: string) => uuidOf(groupKeys.session(session));

/** What follows a redrive has been processed once an event sent after it is stored. */
async function untilProcessed(): Promise<void> {
  const session = `marker-${Math.random().toString(36).slice(2)}`;
  // to every partition: whatever the redrive sent is before one of them
  for (let partition = 0; partition < 6; partition++)
    await producer.send('raw-logs', [
      { key: null, partition, value: Buffer.from(`INFO session_id=${session} marker ${partition}`) },
    ]);
  await waitFor('the markers', async () => (await rowsOf(session)).length === 6, { limitMs: 30_000 });
}

const api = async (path: string, body: object) => {
  const response = await fetch(`${stack.env.SCHEMA_REGISTRY_URL}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as { id: number };
};

describe('dead letters', () => {
  it('says plainly that there are none', async () => {
    expect(await vectadb(stack, ['dlq', 'list'])).toBe('No open dead letters.\n');
    expect(await vectadb(stack, ['dlq', 'list', '--state', 'all', '--stage', 'parse'])).toBe(
      'No dead letters that these options select.\n',
    );
  });

  it('brings what was written with an unknown schema to its trace, once, however often the redrive is killed and repeated', async () => {
    const { id: before } = await api('/subjects/probe-value/versions', { schema: '"string"' });
    const own = loadSchemas()['raw-log'] as { fields: object[] };
    const shard = { name: 'shard', type: ['null', 'int'], default: null, doc: 'Number of a shard.' };
    const newer = { ...own, fields: [...own.fields, shard] };
    const type = avsc.Type.forSchema(newer as never);
    const session = 'unknown-schema';
    const source = {
      system: 'cloudwatch',
      account: '1',
      region: 'r',
      log_group: 'g',
      log_stream: 's',
      log_id: null,
    };
    const lines = [
      `INFO session_id=${session} Tool: search Input: {"query": "berths"}`,
      `INFO session_id=${session} looking into it`,
      'Traceback (most recent call last):',
      '  File "a.py", line 3, in look',
      'ValueError: no berth',
    ];
    const startMs = Date.now() - 60_000;
    for (const [n, message] of lines.entries()) {
      const raw: RawLog = { message, timestamp_ms: startMs + n, source, event: null, options: null };
      const frame = Buffer.from([0, 0, 0, 0, 0]);
      frame.writeInt32BE(before + 1, 1);
      const value = Buffer.concat([frame, type.toBuffer({ ...raw, shard: 3 })]);
      await producer.send('raw-logs', [
        { key: 'cloudwatch:1/r/g/s', value, headers: { shipper: 'agent-7' } },
      ]);
    }
    // the same session by another way in, which is read at once
    await producer.send('raw-logs', [
      { key: 'other', value: Buffer.from(`INFO session_id=${session} meanwhile`) },
    ]);
    const refused = await letters(5, '--cause', 'UNKNOWN_SCHEMA_ID');
    expect(new Set(refused.map(({ stage, attempt, state }) => `${stage} ${attempt} ${state}`))).toEqual(
      new Set(['parse 1 open']),
    );
    await expectStored(session, 1, sessionTrace(session));

    // still unknown: refused again, and only the second attempt is listed
    const oldest = refused.at(-1)!.letter;
    expect(await redrive(oldest)).toMatchObject([{ outcome: 'sent', to: 'raw-logs', letters: 1 }]);
    await waitFor(
      'the second attempt',
      async () => (await list('--cause', 'UNKNOWN_SCHEMA_ID')).some(({ attempt }) => attempt === 2),
      { limitMs: 20_000 },
    );
    const again = await letters(5, '--cause', 'UNKNOWN_SCHEMA_ID', '--state', 'all');
    expect(again.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 1, 1, 2]);
    expect(again.find(({ attempt }) => attempt === 2)!.origin).toEqual(refused.at(-1)!.from);

    const { id } = await api('/subjects/raw-logs-dev.vectadb.RawLog/versions', {
      schema: JSON.stringify(newer),
    });
    expect(id).toBe(before + 1);
    const killedAt = (point: string) =>
      vectadb({ ...stack, env: { ...stack.env, FAULT_POINT: point } }, [
        'dlq',
        'redrive',
        '--cause',
        'UNKNOWN_SCHEMA_ID',
        '--yes',
      ]);
    await expect(killedAt('before-commit:2')).rejects.toThrow(/exited with null/);
    await letters(5, '--cause', 'UNKNOWN_SCHEMA_ID');
    await expect(killedAt('after-commit:2')).rejects.toThrow(/exited with null/);
    expect(await list('--cause', 'UNKNOWN_SCHEMA_ID')).toEqual([]);

    const rows = await expectStored(session, 4, sessionTrace(session));
    expect(rows.map(({ properties }) => properties.message)).toEqual([
      lines[0],
      lines[1],
      lines.slice(2).join('\n'),
      `INFO session_id=${session} meanwhile`,
    ]);
    const positions = rows.slice(0, 2).map(({ raw }) => raw.offset);
    expect(positions).toEqual(
      refused
        .map(({ from }) => from.offset)
        .sort((a, b) => a - b)
        .slice(0, 2),
    );

    expect(await redrive('--cause', 'UNKNOWN_SCHEMA_ID')).toEqual([
      expect.objectContaining({ outcome: 'already redriven', letters: 5 }),
    ]);
    expect(await redrive('--cause', 'UNKNOWN_SCHEMA_ID', '--again')).toEqual([
      expect.objectContaining({ outcome: 'sent', to: 'raw-logs', letters: 5 }),
    ]);
    await untilProcessed();
    expect(await expectStored(session, 4, sessionTrace(session))).toEqual(rows);
    const trail = await dlq<{
      trail: { times: number; redrives: { result: string; to: { topic: string } }[] };
    }>('show', refused[0]!.letter);
    expect(trail.trail).toMatchObject({
      times: 2,
      redrives: [{ result: 'sent', to: { topic: 'raw-logs' } }, { result: 'sent' }],
    });
    const told = await vectadb(stack, ['dlq', 'show', oldest]);
    expect(told).toMatch(/UNKNOWN_SCHEMA_ID/);
    expect(told).toMatch(/refused again: letter \d+\/\d+/);
    expect(told).toMatch(/shipper=agent-7/);
    expect(told).toMatch(/"message": "INFO session_id=unknown-schema Tool/);
  });

  it('lets what is no UTF-8 be read with the right encoding', async () => {
    const line = 'INFO session_id=latin agent Zoë found a café';
    await producer.send('raw-logs', [{ key: 'latin', value: Buffer.from(line, 'latin1') }]);
    const [letter] = await letters(1, '--cause', 'INVALID_UTF8');
    expect(await vectadb(stack, ['dlq', 'show', letter!.letter])).toMatch(/5a 6f eb/);
    expect(await redrive(letter!.letter, '--encoding', 'windows-1252')).toMatchObject([{ outcome: 'sent' }]);
    const [row] = await expectStored('latin', 1, sessionTrace('latin'));
    expect(row!.properties.message).toBe(line);
    expect(row!.flags).toContain('redriven');
  });

  it('brings an event that a sink refused to the trace that its group is in by now', async () => {
    const session = 'refused-by-sink';
    const event = (n: number, more: Partial<MintedEvent> = {}): MintedEvent => ({
      event_id: uuidOf(`dead-letters:${session}:${n}`),
      session_id: session,
      agent_id: 'a',
      timestamp: new Date(Date.now() - 10_000 + n).toISOString(),
      event_type: 'log',
      properties: { message: `step ${n}`, n, payload_hash: '' },
      ...more,
    });
    await store.query(
      "DEFINE FIELD OVERWRITE event_type ON agent_event TYPE string ASSERT $value != 'cursed'",
    );
    await pipeline.sendHttp([event(0), event(1, { event_type: 'cursed' }), event(2)]);
    const [letter] = await letters(1, '--stage', 'surreal-sink');
    expect(letter).toMatchObject({ cause: 'PROCESSING', state: 'open', from: { topic: 'agent-events' } });
    // the session turns out to belong to a trace, and its rows move
    await pipeline.sendHttp([event(3, { trace_id: 'found-later' })]);
    await waitFor(
      'the moved rows',
      async () => (await rowsOf(session)).filter(({ trace_id }) => trace_id === 'found-later').length === 3,
      { limitMs: 30_000 },
    );

    // nothing has changed: the sink refuses it again, and says whose second attempt it is
    expect(await redrive(letter!.letter)).toMatchObject([{ outcome: 'sent', to: 'parsed-events' }]);
    await waitFor(
      'the second refusal',
      async () => (await list('--stage', 'surreal-sink')).some(({ attempt }) => attempt === 2),
      { limitMs: 30_000 },
    );
    const [second] = await letters(1, '--stage', 'surreal-sink');

    await store.query('DEFINE FIELD OVERWRITE event_type ON agent_event TYPE string');
    await redrive(second!.letter);
    await expectStored(session, 4, 'found-later');
    await redrive(second!.letter, letter!.letter, '--again');
    await untilProcessed();
    const rows = await expectStored(session, 4, 'found-later');
    expect(rows.map(({ properties }) => properties.n)).toEqual([0, 1, 2, 3]);
  });

  const parsed = (session: string, properties: string): ParsedEvent => {
    const home_key = groupKeys.session(session);
    const nowMs = Date.now();
    return {
      event_id: uuidOf(`dead-letters:${session}`),
      group_id: uuidOf(home_key),
      group_key: home_key,
      home_key,
      trace_id: null,
      session_id: session,
      agent_id: null,
      timestamp_ms: nowMs,
      event_type: 'log',
      framework: null,
      properties,
      source: null,
      raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
      created_ms: nowMs,
      updated_ms: nowMs,
      why: {
        rule: null,
        rule_version: null,
        captures: {},
        strategy: 2,
        inherited: null,
        confidence: null,
        evidence: [],
      },
      flags: [],
      options: null,
      amends: false,
      reply_to: null,
    };
  };
  const packOf = (event: ParsedEvent) =>
    codec.encode('parsed-pack', { entries: [{ event, bind: null, adoption: null }] } satisfies ParsedPack);

  it('brings what an older version failed on to its trace, once', async () => {
    const session = 'mended';
    const event = parsed(session, '{"message":"fine by now"}');
    const record = {
      topic: 'parsed-events',
      partition: partitionOf(event.home_key, 6),
      offset: 1,
      timestampMs: event.created_ms,
      key: null,
      value: packOf(event),
      headers: {},
    };
    const headers = deadLetterHeaders(record, 'trace', { code: 'PROCESSING', message: 'a defect of then' });
    await producer.send(DEAD_LETTER_TOPIC, [{ key: null, value: record.value, headers }]);
    await letters(1, '--contains', 'a defect of then');
    expect(await redrive('--contains', 'a defect of then')).toMatchObject([
      { outcome: 'sent', to: 'parsed-events' },
    ]);
    await expectStored(session, 1, sessionTrace(session));
    await redrive('--contains', 'a defect of then', '--again');
    await untilProcessed();
    await expectStored(session, 1, sessionTrace(session));
  });

  it('selects by every filter, and counts by cause', async () => {
    const { summary } = await dlq<{ summary: Group[] }>('list', '--state', 'all', '--by', 'cause');
    const causes = Object.fromEntries(summary.map(({ cause, letters: n }) => [cause, n]));
    expect(causes).toEqual({ UNKNOWN_SCHEMA_ID: 5, INVALID_UTF8: 1, PROCESSING: 2 });
    const count = async (...args: string[]) => (await list('--state', 'all', ...args)).length;
    expect(await count()).toBe(8);
    expect(await count('--topic', 'raw-logs')).toBe(6);
    expect(await count('--topic', 'agent-events')).toBe(1);
    expect(await count('--stage', 'trace')).toBe(1);
    expect(await count('--contains', 'looking into it')).toBe(1);
    expect(await count('--since', '1h')).toBe(8);
    expect(await count('--since', new Date(Date.now() + 60_000).toISOString())).toBe(0);
    expect(await count('--until', '1h')).toBe(0);
    expect(await count('--limit', '2')).toBe(2);
    expect(await list()).toEqual([]);
    await expect(vectadb(stack, ['dlq', 'list', '--since', 'yesterday'])).rejects.toThrow(
      /--since is 'yesterday'/,
    );
    await expect(vectadb(stack, ['dlq', 'redrive', '--yes'])).rejects.toThrow(/--all takes every open one/);
    await expect(vectadb(stack, ['dlq', 'redrive', '--all', '--again'])).rejects.toThrow(
      /nobody can be asked/,
    );
  });

  it('shows what a redrive would send, and sends nothing', async () => {
    await producer.send('raw-logs', [{ key: 'k', value: Buffer.from([0xff, 0xfe]) }]);
    const [letter] = await letters(1);
    expect(await dlq<Outcome[]>('redrive', '--all', '--dry-run')).toContainEqual(
      expect.objectContaining({ outcome: 'to be sent', to: 'raw-logs', letters: 1 }),
    );
    expect(await list()).toEqual([letter]);
    expect(pipeline.unexpectedEnds()).toEqual([]);
  });
});
