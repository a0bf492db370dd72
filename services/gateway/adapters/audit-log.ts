import type { Logger } from '../../../lib/telemetry/logger.js';
import type { AuditEntry } from '../core/audit-filter.js';
import type { AuditPort } from '../ports.js';
import type { JsonWriter } from './json-writer.js';

const TOPIC = 'audit-log';
const FLUSH_EVERY_MS = 250;
const MAX_WAITING = 10_000;
const BATCH = 1_000;

/**
 * Writes the audit log in the background: a request never waits for it. While Kafka is away entries are kept, up to
 * 10,000; those lost beyond that are counted, and the count is written with the next that goes through.
 */
export class AuditLog implements AuditPort {
  private queue: AuditEntry[] = [];
  private lost = 0;
  /** Entries lost since the start. */
  lostTotal = 0;
  private writing: Promise<void> | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly writer: JsonWriter,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.timer.unref();
  }

  record(entry: AuditEntry): void {
    if (this.queue.length >= MAX_WAITING) {
      this.lost++;
      this.lostTotal++;
    } else this.queue.push(entry);
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Writes what waits, as far as one attempt gets. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    await this.flush();
  }

  private flush(): Promise<void> {
    if (this.writing) return this.writing;
    if (this.queue.length === 0) return Promise.resolve();
    this.writing = this.write().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  private async write(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, BATCH);
      const { lost } = this;
      const records = batch.map((entry) => ({ key: entry.key_id ?? 'none', value: entry as object }));
      if (lost > 0) records.push({ key: 'none', value: { time: batch.at(-1)!.time, lost_entries: lost } });
      try {
        await this.writer.write(TOPIC, records);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.error({ reason, waiting: this.queue.length }, 'the audit log cannot be written');
        return; // the next round tries the same entries again
      }
      this.queue = this.queue.slice(batch.length);
      this.lost -= lost;
    }
  }
}
