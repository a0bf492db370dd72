import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient, createKafka } from '../../lib/kafka/cluster.js';
import { readPartition } from '../../lib/kafka/partition-reader.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

let stack: TestStack;
let cluster: ClusterClient;
const topic = 'interleaved';

beforeAll(async () => {
  stack = await startStack({ kafka: true });
  const settings = { brokers: stack.brokers, clientId: 'read-committed-test' };
  const kafka = createKafka(settings);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  cluster = new ClusterClient(settings);
  await cluster.connect([topic]);
});
afterAll(async () => {
  await cluster?.disconnect();
  await stack?.stop();
});

describe('reading committed records', () => {
  it('leaves out aborted ones for every interleaving of producers and from every offset, marker-like keys included', async () => {
    const kafka = createKafka(
      { brokers: stack.brokers, clientId: 'writers' },
      { initialRetryTime: 5, retries: 40 },
    );
    const producers = await Promise.all(
      [0, 1, 2].map(async (n) => {
        const producer = kafka.producer({
          transactionalId: `writer-${n}`,
          idempotent: true,
          maxInFlightRequests: 1,
        });
        await producer.connect();
        return producer;
      }),
    );
    const plain = kafka.producer({ idempotent: false });
    await plain.connect();
    // a record whose key looks like an abort marker must not end anything
    let kept = 0;
    const markerLike = Buffer.from([0, 0, 0, 0]);
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      const transactions = await Promise.all(producers.map((producer) => producer.transaction()));
      for (let i = 0; i < 6; i++) {
        const which = (i * 7 + round) % 3;
        const commits = (which + round) % 2 === 0;
        if (commits) kept++;
        const value = `${commits ? 'kept' : 'aborted'}-${round}-${which}-${i}`;
        await transactions[which]!.send({
          topic,
          messages: [{ key: i % 2 ? markerLike : `${i}`, value, partition: 0 }],
        });
        if (i === 3) await plain.send({ topic, messages: [{ value: `kept-${round}-plain`, partition: 0 }] });
      }
      // ended in another order than begun, so that the broker's list of aborted ones is not sorted by first offset
      for (const which of [2, 0, 1]) {
        if ((which + round) % 2 === 0) await transactions[which]!.commit();
        else await transactions[which]!.abort();
      }
    }
    await Promise.all([...producers, plain].map((producer) => producer.disconnect()));

    // six records, a plain one and three markers a round; a commit is answered before its marker is written
    const until = rounds * (6 + 1 + 3);
    const all: { offset: number; value: string }[] = [];
    await readPartition(cluster, topic, 0, { from: 0, until, stallMs: 10_000 }, (records) => {
      for (const { offset, value } of records) all.push({ offset, value: value!.toString() });
    });
    expect(all.filter(({ value }) => value.startsWith('aborted'))).toEqual([]);
    // one plain record a round, and of the three producers those whose turn it is to commit
    expect(all.length).toBe(rounds + kept);
    for (let from = 0; from < until; from++) {
      const read: { offset: number; value: string }[] = [];
      // small fetches end, and so begin, inside transactions
      await readPartition(cluster, topic, 0, { from, until, stallMs: 10_000, maxBytes: 400 }, (records) => {
        for (const { offset, value } of records) read.push({ offset, value: value!.toString() });
      });
      expect({ from, read }).toEqual({ from, read: all.filter(({ offset }) => offset >= from) });
    }
  });
});
