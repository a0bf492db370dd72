import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

const KEY = 'integration-test-key-0123456789';
const LIMIT_MS = 60_000;
let stack: TestStack;
let gateway: TestService;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true });
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), {
    logger: createLogger('test', 'silent'),
  });
  await applyTopics({
    kafka: { brokers: stack.brokers, clientId: 'test' },
    registry,
    topics: loadTopics({ defaultPartitions: 2 }),
  });
  const env = { VECTADB_API_KEY: KEY, MODEL_PATH: `${stack.folder}/models` };
  gateway = await stack.spawnService('gateway', { env });
  const processor = await stack.spawnService('processor', { env });
  await Promise.all([gateway.waitReady(60_000), processor.waitReady(60_000)]);
});
afterAll(() => stack?.stop());

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(gateway.url + path, {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, ...init.headers },
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
  return { status: response.status, body: (await response.json()) as any };
};
const send = (text: string) =>
  ask('/api/v1/logs?log_group=app&log_stream=one', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: text,
  });

/** Follows the feed; `seen` grows as messages come. */
function follow(query = '', headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const follower = { text: '', ended: false, stop: () => stop.abort() };
  void (async () => {
    const response = await fetch(`${gateway.url}/api/v1/live${query}`, {
      headers: { authorization: `Bearer ${KEY}`, ...headers },
      signal: stop.signal,
    });
    for await (const chunk of response.body!) follower.text += Buffer.from(chunk).toString('utf8');
  })()
    .catch(() => {
      // the connection was given up
    })
    .finally(() => {
      follower.ended = true;
    });
  return follower;
}

describe('the cluster, seen through the gateway', () => {
  it('shows topics and groups, and messages decoded, by text, offset and partition', async () => {
    await send('Action: search_flights\nwhat the needle says\nlast line');
    const { body } = await ask('/api/v1/topics');
    const raw = body.topics.find(({ name }: { name: string }) => name === 'raw-logs');
    expect(raw).toMatchObject({ schemas: ['raw-log'], partitions: [{ partition: 0 }, { partition: 1 }] });
    const groups = (await ask('/api/v1/groups')).body.groups.map(({ group }: { group: string }) => group);
    expect(groups).toContain('vectadb-parse');
    const found = (await ask('/api/v1/topics/raw-logs/messages?contains=NEEDLE')).body;
    expect(found).toMatchObject({
      messages: [{ topic: 'raw-logs', value: { message: 'what the needle says' } }],
      complete: true,
    });
    const [{ partition, offset }] = found.messages;
    const on = await ask(`/api/v1/topics/raw-logs/messages?partition=${partition}&offset=${offset}&limit=1`);
    expect(on.body.messages).toMatchObject([{ partition, offset }]);
    expect((await ask('/api/v1/topics/nothing/messages')).status).toBe(404);
    expect((await ask('/api/v1/topics/raw-logs/messages?partition=7')).body.errors[0].field).toBe(
      'partition',
    );
  });
});

describe('the live feed', () => {
  it('tells events and traces as they come, by filter, goes on where a client left, and ends with the gateway', async () => {
    const all = follow();
    const errors = follow('?kind=event&text=boom');
    const round = { n: 0 };
    // the feed begins with its first client: lines are sent until one comes through
    await waitFor(
      'an event and a trace',
      async () => {
        await send(`Thought: round ${round.n++} goes boom`);
        return (
          all.text.includes('event: event') &&
          all.text.includes('event: trace') &&
          errors.text.includes('boom')
        );
      },
      { limitMs: LIMIT_MS },
    );
    expect(errors.text).not.toContain('event: trace');
    const id = /^id: (.*)$/m.exec(all.text)![1]!;
    const back = follow('', { 'last-event-id': id });
    await waitFor('what came since', async () => back.text.includes('event: event'), { limitMs: LIMIT_MS });
    expect(back.text).not.toContain('event: reset');
    expect(back.text).not.toContain(`id: ${id}\n`);
    const exit = await gateway.stop();
    expect(exit.code).toBe(0);
    await waitFor('the streams to end', async () => all.ended && errors.ended && back.ended, {
      limitMs: LIMIT_MS,
    });
  });
});
