import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';

/** A log event as its sender knows it: CloudWatch gives it its id. Time in Unix milliseconds. */
export interface NewLogEvent {
  timestampMs: number;
  message: string;
}

export interface StoredLogEvent extends NewLogEvent {
  eventId: string;
  stream: string;
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const BATCH_EVENTS = 10_000;
const BATCH_BYTES = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;

/** `events` in batches that PutLogEvents takes: by time, at most 10,000 events and 1 MB each. */
export function putBatches<T extends NewLogEvent>(events: readonly T[]): T[][] {
  const batches: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of [...events].sort((a, b) => a.timestampMs - b.timestampMs)) {
    const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (bytes + size > BATCH_BYTES || batches.at(-1)!.length === BATCH_EVENTS) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(event);
    bytes += size;
  }
  return batches;
}

/** Writes into log groups as an agent's runtime does, and reads back what is there. */
export class LogWriter {
  private readonly made = new Set<string>();

  constructor(private readonly client: CloudWatchLogsClient) {}

  /** Makes the group unless it is there. */
  async createGroup(group: string): Promise<void> {
    await this.once(`${group}`, () => this.client.send(new CreateLogGroupCommand({ logGroupName: group })));
  }

  /** Stores `events`; resolves when all of them are accepted. @throws where one is refused for its age. */
  async put(group: string, stream: string, events: readonly NewLogEvent[]): Promise<void> {
    await this.createGroup(group);
    await this.once(`${group}\0${stream}`, () =>
      this.client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream })),
    );
    for (const batch of putBatches(events)) {
      const { rejectedLogEventsInfo } = await this.client.send(
        new PutLogEventsCommand({
          logGroupName: group,
          logStreamName: stream,
          logEvents: batch.map(({ timestampMs, message }) => ({ timestamp: timestampMs, message })),
        }),
      );
      if (rejectedLogEventsInfo) {
        throw new Error(`events of ${group} were refused: ${JSON.stringify(rejectedLogEventsInfo)}`);
      }
    }
  }

  /** All that the group holds, by time. */
  async list(group: string): Promise<StoredLogEvent[]> {
    const events: StoredLogEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.client.send(new FilterLogEventsCommand({ logGroupName: group, nextToken }));
      for (const { eventId, timestamp, message, logStreamName } of page.events ?? []) {
        events.push({
          eventId: eventId!,
          timestampMs: timestamp!,
          message: message!,
          stream: logStreamName!,
        });
      }
      nextToken = page.nextToken;
    } while (nextToken);
    return events;
  }

  private async once(name: string, make: () => Promise<unknown>): Promise<void> {
    if (this.made.has(name)) return;
    await make().catch((error: unknown) => {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error; // another writer made it
    });
    this.made.add(name);
  }
}
