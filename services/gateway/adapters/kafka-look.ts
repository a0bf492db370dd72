import { type ClusterAdmin, withAdmin } from '../../../lib/kafka/admin.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { GROUP_INPUTS, readLag } from '../../../lib/kafka/lag.js';
import { readPartition } from '../../../lib/kafka/partition-reader.js';
import type { Registry } from '../../../lib/kafka/registry.js';
import { readableBytes, type ShownRecord, showRecord } from '../../../lib/kafka/shown-record.js';
import type { TopicDefinition } from '../../../lib/kafka/topics/topic-file.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import type { LookPort, MessageQuery } from '../ports.js';
import { Problem } from '../problem.js';
import { kafkaTurns } from './kafka-turns.js';

/** Requests that look into Kafka at once; each has connections of its own. */
const MAX_LOOKING = 4;
const STALL_MS = 4_000;
/** Records that one look with `contains` reads, at most, over all partitions. */
const MAX_SCANNED = 50_000;
const SCAN_BUDGET_MS = 4_000;
const FETCH_BYTES = 1_048_576;
/** What is shown of one value, as JSON. */
const MAX_SHOWN_CHARACTERS = 65_536;

/** Topics, groups and messages as they are, asked of the cluster each time. */
export function kafkaLook(
  kafka: KafkaSettings,
  registry: Registry,
  definitions: readonly TopicDefinition[],
): LookPort {
  const withTurn = kafkaTurns(MAX_LOOKING);
  const asking = <T>(work: (admin: ClusterAdmin) => Promise<T>) => withTurn(() => withAdmin(kafka, work));

  return {
    topics: () =>
      asking(async (admin) => {
        const found = [...(await admin.describeTopics()).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        return Promise.all(
          found.map(async ({ name, replication, overrides }) => {
            const definition = definitions.find((one) => one.name === name);
            return {
              name,
              doc: definition?.doc ?? null,
              internal: definition?.internal ?? false,
              schemas: definition?.value ?? [],
              replication,
              config: overrides as Record<string, string>,
              partitions: await admin.offsets(name),
            };
          }),
        );
      }),

    groups: () =>
      asking(async (admin) => {
        const names = [...new Set([...Object.keys(GROUP_INPUTS), ...(await admin.listGroups())])];
        return readLag(admin, names);
      }),

    messages: (topic, query) =>
      withTurn(async () => {
        const cluster = new ClusterClient(kafka);
        try {
          await cluster.connect([]);
          return await messagesOf(cluster, registry, topic, query);
        } finally {
          await cluster.disconnect();
        }
      }),
  };
}

interface Place {
  partition: number;
  start: number;
  end: number;
}

async function messagesOf(cluster: ClusterClient, registry: Registry, topic: string, query: MessageQuery) {
  const places = await placesOf(cluster, topic, query.partition);
  const deadline = Date.now() + SCAN_BUDGET_MS;
  const found: EncodedRecord[] = [];
  const wanted = query.contains?.toLowerCase();
  let scanned = 0;
  let complete = true;
  const isWanted = (record: EncodedRecord) =>
    (query.fromMs === undefined || record.timestampMs >= query.fromMs) &&
    (wanted === undefined || textOf(record).includes(wanted));
  for (const { partition, start, end } of places) {
    const forward = query.offset !== undefined || query.fromMs !== undefined;
    const kept: EncodedRecord[] = [];
    const readRange = async (from: number, until: number) => {
      await readPartition(
        cluster,
        topic,
        partition,
        { from, until, stallMs: STALL_MS, maxBytes: FETCH_BYTES },
        (records) => {
          for (const record of records) {
            if (record.offset >= until) break;
            scanned += 1;
            if (isWanted(record)) kept.push(record);
          }
        },
      );
    };
    const share = () => scanned < MAX_SCANNED && Date.now() < deadline;
    if (forward) {
      let at = Math.min(end, Math.max(start, query.offset ?? start));
      const step = 2_000;
      while (at < end && kept.length < query.limit && share()) {
        const until = Math.min(end, at + step);
        await readRange(at, until);
        at = until;
      }
      if (at < end && kept.length < query.limit) complete = false;
      found.push(...kept.slice(0, query.limit));
    } else {
      // newest first: windows backwards, since a topic's offsets also count markers and what is compacted away
      let until = end;
      let step = Math.max(query.limit * 2, 100);
      let newest: EncodedRecord[] = [];
      while (until > start && newest.length < query.limit && share()) {
        const from = Math.max(start, until - step);
        kept.length = 0;
        await readRange(from, until);
        newest = [...kept, ...newest];
        until = from;
        step = Math.min(step * 2, 10_000);
      }
      if (until > start && newest.length < query.limit) complete = false;
      found.push(...newest.slice(-query.limit));
    }
  }
  const sign = query.offset !== undefined || query.fromMs !== undefined ? 1 : -1;
  found.sort(
    (a, b) => sign * (a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset),
  );
  const messages: ShownRecord[] = [];
  for (const record of found.slice(0, query.limit))
    messages.push(bounded(await showRecord(record, registry)));
  return { messages, scanned, complete };
}

async function placesOf(
  cluster: ClusterClient,
  topic: string,
  partition: number | undefined,
): Promise<Place[]> {
  let partitions: number[];
  try {
    partitions = await cluster.partitionsOf(topic);
  } catch (error) {
    if (error instanceof Error && /does not exist|does not host/i.test(error.message))
      throw new Problem('not-found', `there is no topic ${topic}`);
    throw error;
  }
  const wanted = partition === undefined ? partitions : partitions.filter((one) => one === partition);
  if (wanted.length === 0) {
    const message = `${topic} has the partitions 0 to ${partitions.length - 1}`;
    throw new Problem('invalid-request', `partition: ${message}`, {
      errors: [{ field: 'partition', message }],
    });
  }
  return Promise.all(
    wanted.map(async (one) => ({
      partition: one,
      start: await cluster.offsetOf(topic, one, 'start'),
      end: await cluster.offsetOf(topic, one, 'end'),
    })),
  );
}

/** Avro keeps texts as they are, so bytes can be looked through without decoding. */
const textOf = ({ key, value }: EncodedRecord): string =>
  `${key?.toString('utf8') ?? ''}\n${value?.toString('utf8') ?? ''}`.toLowerCase();

/** A record that JSON can hold, its value cut where it is very large. */
export function bounded(shown: ShownRecord): ShownRecord {
  const text = JSON.stringify(shown.value, readableBytes) ?? 'null';
  const value =
    text.length <= MAX_SHOWN_CHARACTERS
      ? (JSON.parse(text) as unknown)
      : `${text.slice(0, MAX_SHOWN_CHARACTERS)}… (${text.length} characters)`;
  return { ...shown, value };
}
