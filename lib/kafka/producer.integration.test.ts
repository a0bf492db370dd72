import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import pRetry from 'p-retry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { createLogger } from '../telemetry/logger.js';
import { startStack, type TestStack } from '../testing/stack.js';
import { BatchingProducer, connectProducer, createProducer } from './producer.js';
import { type Tail, tailTopic } from './tail.js';

const TOPIC = 'produced';
let stack: TestStack;
let tail: Tail;
const stored: { value: string; partition: number }[] = [];

beforeAll(async () => {
  stack = await startStack({ kafka: true });
  const admin = new Kafka({ brokers: stack.brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 3 }], waitForLeaders: true });
  await admin.disconnect();
  tail = await pRetry(follow, { retries: 20, minTimeout: 100, maxTimeout: 500 }); // a new topic has no leader at once
});
afterAll(async () => {
  await tail?.close();
  await stack?.stop();
});

async function follow(): Promise<Tail> {
  const opened = tailTopic({
    kafka: { brokers: stack.brokers, clientId: 'test' },
    topic: TOPIC,
    from: 'earliest',
    onRecords: (records) => {
      for (const { value, partition } of records) stored.push({ value: String(value), partition });
    },
    logger: createLogger('test', 'silent'),
  });
  await opened.ready;
  return opened;
}

const arrived = (values: string[]) =>
  waitFor(
    `${values.join(', ')} in the topic`,
    async () => values.every((value) => stored.some((one) => one.value === value)),
    {
      limitMs: 20_000,
    },
  );
const message = (value: string, key: string | null = 'k') => ({ key, value: Buffer.from(value) });

it('sends what many callers hand in, each once', async () => {
  const producer = await createProducer({ brokers: stack.brokers, clientId: 'test' });
  const values = Array.from({ length: 500 }, (_, index) => `many-${index}`);
  await Promise.all(
    values.map((value, index) => producer.send(TOPIC, [message(value, index % 2 ? null : 'k')])),
  );
  await producer.close();
  await arrived(values);
  expect(stored.filter(({ value }) => value.startsWith('many-'))).toHaveLength(500);
});

it('acknowledges nothing that is not stored, also after a request whose answer was lost', async () => {
  let deaf = false;
  const client = new Kafka({
    brokers: stack.brokers,
    logLevel: logLevel.NOTHING,
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    retry: { retries: 1, initialRetryTime: 50 },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      const on = socket.on.bind(socket) as (
        event: string,
        handler: (...args: never[]) => void,
      ) => typeof socket;
      socket.on = ((event: string, handler: (...args: unknown[]) => void) =>
        on(
          event,
          event === 'data' ? (...args) => void (deaf || handler(...args)) : handler,
        )) as typeof socket.on;
      return socket;
    },
  });
  const producer = new BatchingProducer(() => connectProducer(client), 0);
  await producer.send(TOPIC, [message('before')]);
  deaf = true;
  await expect(producer.send(TOPIC, [message('unanswered')])).rejects.toThrow();
  await arrived(['unanswered']);
  deaf = false;
  await producer.send(TOPIC, [message('after')]);
  await producer.close();
  await arrived(['before', 'after']);
});
