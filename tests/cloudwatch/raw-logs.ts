import { pino } from 'pino';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { type Tail, tailTopic } from '../../lib/kafka/tail.js';
import { Codec } from '../../lib/model/codec.js';
import type { RawLog } from '../../lib/model/events.js';
import type { OracleEvent } from '../../lib/testing/cloudwatch/oracle.js';
import type { TestStack } from '../../lib/testing/stack.js';

/** An event of raw-logs, its group as `account/region/name`, and when it was read: Unix milliseconds. */
export interface DeliveredEvent extends OracleEvent {
  readAtMs: number;
}

/** All that is committed to raw-logs from its opening on, of log groups whose names begin with `prefix`. */
export class RawLogs {
  readonly events: DeliveredEvent[] = [];
  /** Why a record could not be read; none may be. */
  readonly unreadable: string[] = [];
  private readonly delivered = new Map<string, number>();
  private tail!: Tail;

  private constructor(private readonly prefix: string) {}

  static async open(stack: TestStack, prefix: string): Promise<RawLogs> {
    const codec = new Codec(loadSchemas());
    await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
    const rawLogs = new RawLogs(prefix);
    rawLogs.tail = tailTopic({
      kafka: { brokers: stack.brokers, clientId: 'raw-logs-reader' },
      topic: 'raw-logs',
      from: 'latest',
      logger: pino({ level: 'silent' }),
      onRecords: (records) => {
        for (const { value } of records) if (value) rawLogs.take(codec, value);
      },
    });
    await rawLogs.tail.ready;
    return rawLogs;
  }

  /** How many records there are of a group, `account/region/name`, repeated ones included. */
  countOf(group: string): number {
    return this.delivered.get(group) ?? 0;
  }

  close(): Promise<void> {
    return this.tail.close();
  }

  private take(codec: Codec, value: Buffer): void {
    const read = codec.decode<RawLog>(value, ['raw-log']);
    if (!read.ok) {
      this.unreadable.push(read.error.message);
      return;
    }
    const { message, timestamp_ms, source } = read.value.value;
    if (!source?.log_group?.startsWith(this.prefix)) return;
    const group = `${source.account}/${source.region}/${source.log_group}`;
    this.delivered.set(group, this.countOf(group) + 1);
    this.events.push({
      eventId: source.log_id ?? '',
      group,
      stream: source.log_stream ?? '',
      timestampMs: timestamp_ms ?? Number.NaN,
      message,
      readAtMs: Date.now(),
    });
  }
}
