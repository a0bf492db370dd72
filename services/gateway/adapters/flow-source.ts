import { withAdmin } from '../../../lib/kafka/admin.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { openTail, type Tail } from '../../../lib/kafka/tail.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Codec } from '../../../lib/model/codec.js';
import { type FlowAccount, HOUR_MS } from '../../../lib/model/flow-account.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import { withinLimit } from '../../../lib/time/limit.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import type { HourGaps, SentAccount, Unread } from '../core/flow.js';
import type { FlowPort, Positions } from '../ports.js';

export interface FlowSourceOptions {
  kafka: KafkaSettings;
  codec: Codec;
  /** Resolves once the codec can read our schemas. */
  codecReady: Promise<void>;
  learn: (id: number) => Promise<void>;
  logger: Logger;
}

const ACCOUNTS = 'flow-accounts';
const PARSE_GROUP = 'vectadb-parse';
/** Who reads each topic between raw-logs and SurrealDB. */
const READERS = [
  { topic: 'raw-logs', group: PARSE_GROUP },
  { topic: 'parsed-events', group: 'vectadb-trace' },
  { topic: 'agent-events', group: 'vectadb-surreal-sink' },
] as const;
/** What was sent with an account was appended this long after it at most. */
const SLACK_MS = 5_000;
const LIMIT_MS = 10_000;
/** Accounts of an older moment are no measurement: between two of them lie ten seconds. */
const STALE_MS = 10_000;

type Offsets = ReadonlyMap<number, number>;

/** Accounts and positions, as the topics and groups have them. */
export class FlowSource implements FlowPort {
  private readonly latest = new Map<string, SentAccount>();
  private readonly stop = new AbortController();
  private readonly opened: Promise<Tail | null>;
  private tail: Tail | null = null;
  private reason = 'flow-accounts is not read yet';
  private cluster: Promise<ClusterClient> | null = null;
  private unreadable = Promise.resolve();

  constructor(private readonly options: FlowSourceOptions) {
    this.opened = this.open();
  }

  async accounts(fromHour: number): Promise<SentAccount[]> {
    if (this.tail === null) throw new Error(this.reason);
    // a part of the accounts would look as if events were missing
    if (this.tail.completeUntilMs() < Date.now() - STALE_MS)
      throw new Error(`flow-accounts is not read to its end: ${this.tail.lastError() ?? 'it is being read'}`);
    await within(this.unreadable);
    for (const [key, { hour }] of this.latest) if (hour < fromHour) this.latest.delete(key);
    return [...this.latest.values()];
  }

  async positions(): Promise<Positions> {
    const cluster = await within(this.connected());
    const read = READERS.map(async ({ topic, group }) => {
      const [starts, ends, committed] = await Promise.all([
        cluster.offsetsOf(topic, 'start'),
        cluster.offsetsOf(topic, 'end'),
        cluster.committedOffsets(group, topic),
      ]);
      const unread = [...ends].map(([partition, end]) => {
        const from = Math.max(starts.get(partition)!, committed.get(partition) ?? 0);
        return { partition, from, end };
      });
      return [topic, unread] as const;
    });
    return new Map(await within(Promise.all(read)));
  }

  async unread(
    positions: Positions,
    { hour, held, parsed, traced, parseAtMs, traceAtMs }: HourGaps,
  ): Promise<Unread> {
    return {
      raw: await this.unreadBetween(positions, 'raw-logs', hour * HOUR_MS, (hour + 1) * HOUR_MS),
      packs: parsed > 0 ? await this.unreadBetween(positions, 'parsed-events', 0, parseAtMs + SLACK_MS) : 0,
      events: traced > 0 ? await this.unreadBetween(positions, 'agent-events', 0, traceAtMs + SLACK_MS) : 0,
      parseOwned: held > 0 && (await this.isParseOwned(positions.get('raw-logs')!.length)),
    };
  }

  async close(): Promise<void> {
    this.stop.abort();
    await (await this.opened)?.close();
    await (await this.cluster?.catch(() => null))?.disconnect();
  }

  /** Unread records of a topic that were appended in `[fromMs, untilMs)`. */
  private async unreadBetween(
    positions: Positions,
    topic: string,
    fromMs: number,
    untilMs: number,
  ): Promise<number> {
    const behind = positions.get(topic)!.filter(({ from, end }) => from < end);
    if (behind.length === 0) return 0;
    const cluster = await within(this.connected());
    const at = (ms: number): Promise<Offsets> => within(cluster.offsetsOf(topic, ms));
    const firsts = fromMs > 0 ? await at(fromMs) : null;
    const lasts = untilMs < Date.now() ? await at(untilMs) : null;
    return behind.reduce((sum, { partition, from, end }) => {
      const first = Math.max(from, firsts?.get(partition) ?? 0);
      return sum + Math.max(0, Math.min(end, lasts?.get(partition) ?? end) - first);
    }, 0);
  }

  private async isParseOwned(partitions: number): Promise<boolean> {
    const [group] = await withAdmin(this.options.kafka, (admin) => admin.describeGroups([PARSE_GROUP]));
    return (group?.members ?? []).reduce((sum, member) => sum + member.partitions.length, 0) >= partitions;
  }

  /** Null: closed before it was open. */
  private async open(): Promise<Tail | null> {
    const { kafka, codecReady, logger } = this.options;
    try {
      await codecReady;
      this.tail = await openTail(
        { kafka, topic: ACCOUNTS, from: 'earliest', onRecords: (records) => this.take(records), logger },
        {
          signal: this.stop.signal,
          onFailedAttempt: ({ message }) => {
            this.reason = `${ACCOUNTS} cannot be read: ${message}`;
          },
        },
      );
    } catch (error) {
      this.reason = error instanceof Error ? error.message : String(error);
    }
    return this.tail;
  }

  private take(records: EncodedRecord[]): void {
    const unknown = records
      .map(({ value }) => this.options.codec.unknownId(value))
      .find((id) => id !== undefined);
    if (unknown === undefined) {
      for (const record of records) this.keep(record);
      return;
    }
    // written by a newer version: in their order, once the registry has told how to read them
    this.unreadable = this.unreadable
      .then(() => this.options.learn(unknown))
      .then(() => this.take(records))
      .catch((error: unknown) =>
        this.options.logger.error({ reason: String(error) }, 'accounts of the flow cannot be read'),
      );
  }

  private keep({ key, value, timestampMs }: EncodedRecord): void {
    if (key === null || value === null) return;
    const read = this.options.codec.decode<FlowAccount>(value, ['flow-account']);
    if (read.ok) this.latest.set(key.toString('utf8'), { ...read.value.value, atMs: timestampMs });
    else this.options.logger.error({ reason: read.error.message }, 'an account of the flow cannot be read');
  }

  private connected(): Promise<ClusterClient> {
    this.cluster ??= this.connect().catch((error: unknown) => {
      this.cluster = null;
      throw error;
    });
    return this.cluster;
  }

  private async connect(): Promise<ClusterClient> {
    const cluster = new ClusterClient(this.options.kafka);
    await cluster.connect(READERS.map(({ topic }) => topic));
    return cluster;
  }
}

const within = <T>(work: Promise<T>): Promise<T> =>
  withinLimit(work, LIMIT_MS, () => new Error(`Kafka does not answer within ${LIMIT_MS} ms`));
