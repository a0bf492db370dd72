import { type Tail, tailTopic } from '../../../lib/kafka/tail.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';

/** A reader of agent-events, read_committed, that is there from the beginning and goes through every fault. */
export class ReadAlong {
  readonly records: EncodedRecord[] = [];
  private tail!: Tail;

  static async open(brokers: string[], logger: Logger): Promise<ReadAlong> {
    const reader = new ReadAlong();
    reader.tail = tailTopic({
      kafka: { brokers, clientId: 'faults-read-along' },
      topic: 'agent-events',
      from: 'earliest',
      logger,
      onRecords: (records) => {
        for (const record of records) reader.records.push(record);
      },
    });
    await reader.tail.ready;
    return reader;
  }

  close(): Promise<void> {
    return this.tail.close();
  }
}
