import { randomBytes } from 'node:crypto';
import { openTail, type Tail } from '../../../lib/kafka/tail.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import {
  ID_BYTES,
  mintedKey,
  type Principal,
  readMintedKey,
  SALT_BYTES,
  SECRET_BYTES,
  secretHash,
} from '../core/api-keys.js';
import { type KeyRecord, KeyTable, recordKey, type UseRecord } from '../core/key-table.js';
import type { KeyAdmin, KeyStore, PartHealth } from '../ports.js';
import { Problem } from '../problem.js';
import type { JsonWriter } from './json-writer.js';

const TOPIC = 'api-keys';
/** Keys that may exist at once: the table is in memory. */
const MAX_KEYS = 10_000;
/** How long an ended key is still listed. */
const ENDED_KEPT_MS = 30 * 86_400_000;
/** How often the last use of one key is written. */
const USE_INTERVAL_MS = 60_000;
/** How long an answer waits until this gateway itself has read what it wrote. */
const OWN_WRITE_LIMIT_MS = 5_000;

export interface KafkaKeysOptions {
  kafka: KafkaSettings;
  writer: JsonWriter;
  logger: Logger;
  /** How long the table may be out of touch with Kafka before its keys are no longer taken. */
  maxStaleMs: number;
}

/**
 * The keys that people make, read from the compacted topic `api-keys`: every gateway follows it from its start, so that
 * a new or revoked key counts everywhere within a fetch. Needs no store.
 */
export class KafkaKeys implements KeyStore, KeyAdmin {
  private readonly table = new KeyTable();
  private readonly stop = new AbortController();
  private readonly connected: Promise<void>;
  private readonly useWrittenMs = new Map<string, number>();
  private waiting: (() => void)[] = [];
  private tail: Tail | null = null;
  private reason: string | null = 'not connected yet';

  constructor(private readonly options: KafkaKeysOptions) {
    this.connected = this.connect();
  }

  async find(token: string): Promise<Principal | undefined> {
    if (!readMintedKey(token)) return undefined;
    const nowMs = Date.now();
    const health = this.health();
    if (health.state !== 'up') {
      throw new Problem('keys-unavailable', 'API keys cannot be checked now: Kafka cannot be read', {
        retryAfterS: 2,
      });
    }
    const found = this.table.find(token, nowMs);
    if (found) this.noteUse(found.id, nowMs);
    return found;
  }

  async list() {
    this.demandTable();
    return this.table.list();
  }

  async create(given: Parameters<KeyAdmin['create']>[0], by: Principal) {
    this.demandTable();
    const nowMs = Date.now();
    await this.forgetEnded(nowMs);
    if (this.table.size >= MAX_KEYS) {
      throw new Problem('conflict', `there are ${MAX_KEYS} keys already: revoke some first`);
    }
    const id = randomBytes(ID_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES);
    const salt = randomBytes(SALT_BYTES);
    const record: KeyRecord = {
      kind: 'key',
      id,
      name: given.name,
      scopes: [...given.scopes],
      salt: salt.toString('base64url'),
      hash: secretHash(salt, secret).toString('base64url'),
      created_at: new Date(nowMs).toISOString(),
      created_by: by.id,
      expires_at: new Date(nowMs + given.expiresInS * 1_000).toISOString(),
      requests_per_minute: given.requestsPerMinute,
      revoked_at: null,
      revoked_by: null,
    };
    await this.write([record]);
    await this.seen(() => this.table.get(id) !== undefined);
    return { key: mintedKey(id, secret), record };
  }

  async revoke(id: string, by: Principal): Promise<boolean> {
    this.demandTable();
    const record = this.table.get(id);
    if (!record) return false;
    if (record.revoked_at !== null) return true;
    const revoked_at = new Date().toISOString();
    await this.write([{ ...record, hash: null, revoked_at, revoked_by: by.id }]);
    await this.seen(() => this.table.get(id)?.revoked_at != null);
    return true;
  }

  health(): PartHealth {
    const completeMs = this.tail?.completeUntilMs() ?? 0;
    if (completeMs === 0) return { state: 'starting', detail: this.reason ?? 'reading the keys' };
    const staleMs = Date.now() - completeMs;
    if (staleMs > this.options.maxStaleMs) {
      return { state: 'down', detail: `not read for ${Math.round(staleMs / 1_000)} s` };
    }
    return { state: 'up' };
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.connected;
    await this.tail?.close();
  }

  private demandTable(): void {
    if (this.health().state === 'up') return;
    throw new Problem('kafka-unavailable', 'the keys cannot be read from Kafka now', { retryAfterS: 2 });
  }

  private async write(records: (KeyRecord | UseRecord)[]): Promise<void> {
    try {
      await this.options.writer.write(
        TOPIC,
        records.map((record) => ({ key: recordKey(record), value: record })),
      );
    } catch (error) {
      this.options.logger.error({ reason: messageOf(error) }, 'keys could not be written');
      throw new Problem(
        'kafka-unavailable',
        'Kafka did not take the change; ask for the list before trying again',
        {
          retryAfterS: 2,
        },
      );
    }
  }

  /** Resolves when `condition` holds of the table; after a limit all the same: Kafka has the record. */
  private async seen(condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(OWN_WRITE_LIMIT_MS);
    while (!condition() && !deadline.aborted) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Written once a minute and key, and by itself: whether it succeeds is of no matter to the request. */
  private noteUse(id: string, nowMs: number): void {
    if (nowMs - (this.useWrittenMs.get(id) ?? 0) < USE_INTERVAL_MS) return;
    this.useWrittenMs.set(id, nowMs);
    const record: UseRecord = { kind: 'use', id, last_used_at: new Date(nowMs).toISOString() };
    this.options.writer
      .write(TOPIC, [{ key: recordKey(record), value: record }])
      .catch((error: unknown) =>
        this.options.logger.warn(
          { key: id, reason: messageOf(error) },
          'the last use of a key is not stored',
        ),
      );
  }

  /** Drops keys that ended long ago, so that the topic does not grow for ever. */
  private async forgetEnded(nowMs: number): Promise<void> {
    const ids = this.table.endedBefore(nowMs - ENDED_KEPT_MS);
    if (ids.length === 0) return;
    const records = ids.flatMap((id) => [`key/${id}`, `use/${id}`]).map((key) => ({ key, value: null }));
    await this.options.writer.write(TOPIC, records).catch((error: unknown) => {
      // the next key that is made tries again
      this.options.logger.warn({ reason: messageOf(error) }, 'ended keys could not be removed');
    });
    for (const id of ids) this.useWrittenMs.delete(id);
  }

  private async connect(): Promise<void> {
    const { kafka, logger } = this.options;
    const onRecords = (records: EncodedRecord[]) => this.receive(records);
    const onFailedAttempt = ({ message }: Error) => {
      this.reason = message;
      logger.warn({ reason: message }, `${TOPIC} cannot be read yet: keys made by people are not known`);
    };
    try {
      this.tail = await openTail(
        { kafka, topic: TOPIC, from: 'earliest', onRecords, logger },
        { signal: this.stop.signal, onFailedAttempt },
      );
      this.reason = null;
    } catch (error) {
      // only `close` ends the attempts
      this.reason = messageOf(error);
    }
  }

  private receive(records: EncodedRecord[]): void {
    for (const { key, value, offset } of records) {
      const fault = this.table.apply(key?.toString('utf8') ?? null, value?.toString('utf8') ?? null);
      if (fault) this.options.logger.error({ topic: TOPIC, offset, reason: fault }, 'a record is no API key');
    }
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
