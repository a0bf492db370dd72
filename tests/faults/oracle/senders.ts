import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import type { LogWriter } from '../../../services/simulator/cloudwatch/log-writer.js';
import type { Minted } from './minted.js';

/** Sends until it is acknowledged, as a client does that must not lose anything: what is sent again is the same. */
export type Sender = (items: Minted[], signal: AbortSignal) => Promise<void>;

const AGAIN_MS = 100;
const CALL_LIMIT_MS = 20_000;

/** What can never be acknowledged: a defect of the test or of the system, and no fault that was thrown. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

export interface HttpAddress {
  url: () => string;
  apiKey: string;
}

/** POST /api/v1/events/batch. */
export function batchSender(gateway: HttpAddress): Sender {
  return (items, signal) =>
    untilDone(signal, async () => {
      const text = await post(gateway, '/api/v1/events/batch', { events: items.map(bodyOf) });
      const { failed } = JSON.parse(text) as { failed: number };
      if (failed > 0) throw new RefusedError(`${failed} of a batch were refused: ${text.slice(0, 300)}`);
    });
}

/** POST /api/v1/events, one by one. */
export function singleSender(gateway: HttpAddress): Sender {
  return async (items, signal) => {
    for (const item of items) {
      await untilDone(signal, async () => {
        await post(gateway, '/api/v1/events', bodyOf(item));
      });
    }
  };
}

/** Straight into raw-logs by an ordinary producer: acks=all, not idempotent, so what it repeats is there twice. */
export function foreignSender(brokers: string[]): { send: Sender; close: () => Promise<void> } {
  const kafka = new Kafka({
    clientId: 'foreign',
    brokers,
    logLevel: logLevel.NOTHING,
    requestTimeout: 10_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  let producer: Producer | null = null;
  const connected = async () => {
    if (producer) return producer;
    const fresh = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await fresh.connect();
    producer = fresh;
    return fresh;
  };
  const drop = async () => {
    const spent = producer;
    producer = null;
    // it failed already: how its closing ends changes nothing
    await spent?.disconnect().catch(() => undefined);
  };
  return {
    send: (items, signal) =>
      untilDone(signal, async () => {
        const messages = items.map((item) =>
          item.kind === 'line'
            ? { key: item.key, value: Buffer.from(item.text) }
            : { key: null, value: Buffer.from(JSON.stringify(item.body)) },
        );
        try {
          await (await connected()).send({ topic: 'raw-logs', acks: -1, messages });
        } catch (error) {
          await drop();
          throw error;
        }
      }),
    close: drop,
  };
}

/** PutLogEvents: from there the poller brings them. */
export function cloudWatchSender(writer: LogWriter, group: string): Sender {
  return (items, signal) =>
    untilDone(signal, () =>
      writer.put(
        group,
        'stream/1',
        items.map((item) => ({ timestampMs: Date.now(), message: lineOf(item) })),
      ),
    );
}

async function untilDone(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof RefusedError) throw error;
      await delay(AGAIN_MS, undefined, { signal });
    }
  }
}

async function post(gateway: HttpAddress, path: string, body: object): Promise<string> {
  const response = await fetch(`${gateway.url()}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.apiKey}`,
      prefer: 'respond-async',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_LIMIT_MS),
  });
  const text = await response.text();
  if (response.ok) return text;
  const problem = `${path} answered ${response.status}: ${text.slice(0, 300)}`;
  throw response.status < 500 && response.status !== 429 ? new RefusedError(problem) : new Error(problem);
}

const bodyOf = (item: Minted): object => {
  if (item.kind !== 'event') throw new Error(`${item.ref} is a line: HTTP takes events here`);
  return item.body;
};

const lineOf = (item: Minted): string => (item.kind === 'line' ? item.text : JSON.stringify(item.body));
