import { openTail, type Tail } from '../../../lib/kafka/tail.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { AgentEvent, GroupLink } from '../../../lib/model/events.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import { type Answer, AnswerTable, type Wait } from '../core/answer-table.js';
import type { PartHealth, StorePort } from '../ports.js';

const TOPIC = 'agent-events';
/** When a request that still waits asks the store: parse drops what it has just seen without an answer. Share of the wait. */
const LOOKUPS_AT = [0.15, 0.5, 0.85];
/** Look-ups at once, and ids of one: answering must not load the store while the processor stands still. */
const MAX_LOOKUPS = 4;
const MAX_LOOKUP_IDS = 1_000;

export interface TraceAnswersOptions {
  kafka: KafkaSettings;
  codec: Codec;
  /** Learns a schema id that the codec has not met. */
  learn: (id: number) => Promise<void>;
  store: Pick<StorePort, 'getEventsByIds'>;
  /** Names this process among all gateways. */
  instance: string;
  waitMs: number;
  logger: Logger;
}

/** One request's answers. */
export interface PendingAnswers {
  /** Value of the `reply-to` header of the n-th event. */
  replyTo(index: number): string;
  /** Waits until every event is answered, at most `waitMs`; not at all while answers do not come. */
  wait(): Promise<ReadonlyMap<string, Answer>>;
  known(): ReadonlyMap<string, Answer>;
  close(): void;
}

/**
 * The processor's answers, read from the end of agent-events: every gateway reads all partitions and decodes only what
 * names it. After a wait that timed out nobody waits until agent-events delivers again: while the processor is down,
 * clients get their 202 at once.
 */
export class TraceAnswers {
  private readonly table: AnswerTable;
  private tail: Tail | null = null;
  private readonly stop = new AbortController();
  private readonly connected: Promise<void>;
  private readonly learning = new Set<number>();
  private state: PartHealth = { state: 'starting' };
  private delivering = false;
  private lookups = 0;

  constructor(private readonly options: TraceAnswersOptions) {
    this.table = new AnswerTable(options.instance);
    this.connected = this.connect();
  }

  open(eventIds: readonly string[]): PendingAnswers {
    let done: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const wait = this.table.open(eventIds, done);
    return {
      replyTo: (index) => this.table.replyTo(wait, index),
      wait: async () => {
        if (this.delivering && wait.remaining.size > 0) await this.waitFor(wait, all);
        return wait.answers;
      },
      known: () => wait.answers,
      close: () => this.table.close(wait),
    };
  }

  health(): PartHealth {
    const detail = this.tail?.lastError();
    if (this.state.state === 'up' && detail) return { state: 'down', detail };
    return this.state.state === 'up' && !this.delivering
      ? { state: 'up', detail: 'the processor has not answered lately: nobody waits for trace ids' }
      : this.state;
  }

  get waiting(): number {
    return this.table.size;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.connected;
    await this.tail?.close();
  }

  private async connect(): Promise<void> {
    const { kafka, logger } = this.options;
    const onRecords = (records: EncodedRecord[]) => this.receive(records);
    const onFailedAttempt = ({ message }: Error) => {
      this.state = { state: 'starting', detail: message };
      logger.warn({ reason: message }, `${TOPIC} cannot be read yet: answers carry no trace id`);
    };
    try {
      this.tail = await openTail(
        { kafka, topic: TOPIC, from: 'latest', onRecords, logger },
        { signal: this.stop.signal, onFailedAttempt },
      );
      this.state = { state: 'up' };
      this.delivering = true;
    } catch (error) {
      // only `close` ends the attempts
      this.state = { state: 'down', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  private async waitFor(wait: Wait, all: Promise<void>): Promise<void> {
    const { waitMs } = this.options;
    const timers: NodeJS.Timeout[] = [];
    const timedOut = new Promise<'timed out'>((resolve) => {
      timers.push(setTimeout(() => resolve('timed out'), waitMs));
    });
    for (const share of LOOKUPS_AT) {
      timers.push(setTimeout(() => void this.lookUp(wait), waitMs * share));
    }
    const ended = await Promise.race([all, timedOut]);
    for (const timer of timers) clearTimeout(timer);
    if (ended === 'timed out') this.delivering = false;
  }

  /** Never rejects: a store that is down leaves the event unanswered, which is all that can be said of it. */
  private async lookUp(wait: Wait): Promise<void> {
    if (this.lookups >= MAX_LOOKUPS || wait.remaining.size === 0) return;
    this.lookups++;
    try {
      const ids = [...wait.remaining].slice(0, MAX_LOOKUP_IDS);
      for (const row of await this.options.store.getEventsByIds(ids)) {
        const answer = { traceId: row.trace_id, createdMs: Date.parse(row.created_at) };
        this.table.settle(wait, row.event_id, answer);
      }
    } catch (error) {
      this.options.logger.debug({ reason: String(error) }, 'look-up of stored events failed');
    } finally {
      this.lookups--;
    }
  }

  private receive(records: EncodedRecord[]): void {
    this.delivering = true;
    for (const record of records) {
      const found = this.table.find(record.headers['reply-to']);
      if (found && record.value !== null) this.settle(found, record.value, record.offset);
    }
  }

  private settle({ wait, eventId }: { wait: Wait; eventId: string }, value: Buffer, offset: number): void {
    const unknown = this.options.codec.unknownId(value);
    if (unknown !== undefined) {
      // Written by a newer processor: this request falls back on the store, the next ones will read it.
      this.learn(unknown);
      return;
    }
    const read = this.options.codec.decode<AgentEvent | GroupLink>(value, ['agent-event', 'group-link']);
    if (!read.ok) {
      this.options.logger.error({ reason: read.error.message, offset }, 'an answer cannot be read');
      return;
    }
    const answer = read.value.value;
    // An event that is stored already is answered by a link of its group, which moves nothing.
    if (!('event_id' in answer)) {
      this.table.settle(wait, eventId, { traceId: answer.trace_id, createdMs: answer.updated_ms });
    } else if (answer.event_id === eventId) {
      this.table.settle(wait, eventId, { traceId: answer.trace_id, createdMs: answer.created_ms });
    }
  }

  private learn(id: number): void {
    if (this.learning.has(id)) return;
    this.learning.add(id);
    this.options
      .learn(id)
      .catch((error: unknown) =>
        this.options.logger.warn({ id, reason: String(error) }, 'a schema id is not known'),
      )
      .finally(() => this.learning.delete(id));
  }
}
