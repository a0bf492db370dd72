import { defaultAppConfig, parseAppConfig } from '../../../lib/config/app-config.js';
import { maskerOf } from '../../../lib/config/masking-file.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import type { Bind, LogSource, ParsedEvent, ParsedPack, RawLog } from '../../../lib/model/events.js';
import { Task } from '../../../lib/topology/task.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import { loadRules } from '../adapters/rule-files.js';
import type { ParseState } from '../core/parse/parse-state.js';
import type { RawInput } from '../core/parse/raw-input.js';
import { parseSubTopology } from '../core/parse/sub-topology.js';

const codec = Codec.local(loadSchemas());
const builtIn = loadRules(defaultAppConfig());

/** 2026-02-03T04:05:06Z: the append time that runs start at. */
export const START_MS = Date.UTC(2026, 1, 3, 4, 5, 6);

export const sourceOf = (log_stream: string, more: Partial<LogSource> = {}): LogSource => ({
  system: 'cloudwatch',
  account: '111122223333',
  region: 'eu-north-1',
  log_group: '/aws/lambda/desk',
  log_stream,
  log_id: null,
  ...more,
});

/** A properties object beside the event that holds it. */
export type ReadEvent = ParsedEvent & { props: Record<string, unknown> };

/**
 * One partition of the parse sub-topology, driven by hand: records in with their append times, timers when the test says so,
 * crashes anywhere. Everything goes through the codec, the packs and the changelog, as in the service.
 */
export class ParseRun {
  private task: Task<RawInput, ParseState>;
  private readonly changelog: { key: string; value: Buffer | null }[] = [];
  private offset = 0;
  nowMs = START_MS;
  /** Everything sent, in order. */
  readonly sent: ParsedEvent[] = [];
  readonly binds: Bind[] = [];
  readonly deadLetters: { code: string; value: Buffer | null }[] = [];

  constructor(
    private readonly rules = builtIn,
    private readonly config = defaultAppConfig(),
  ) {
    this.task = this.newTask();
  }

  static withConfig(yaml: string): ParseRun {
    const config = parseAppConfig(yaml, 'config.yaml');
    return new ParseRun(loadRules(config), config);
  }

  /** A record's bytes with its key, `gapMs` after the one before. */
  bytes(value: Buffer, { key = null, gapMs = 0, headers = {} }: FeedOptions = {}): this {
    this.nowMs += gapMs;
    const record: EncodedRecord = {
      topic: 'raw-logs',
      partition: 0,
      offset: this.offset++,
      timestampMs: this.nowMs,
      key: key === null ? null : Buffer.from(key),
      value,
      headers,
    };
    this.task.process(record);
    return this;
  }

  text(text: string, options: FeedOptions = {}): this {
    return this.bytes(Buffer.from(text, 'utf8'), options);
  }

  raw(raw: Partial<RawLog>, options: FeedOptions = {}): this {
    const whole: RawLog = {
      message: '',
      timestamp_ms: null,
      source: null,
      event: null,
      options: null,
      ...raw,
    };
    return this.bytes(codec.encode('raw-log', whole), options);
  }

  /** Lines of one stream without gaps. */
  lines(stream: string, ...lines: string[]): this {
    for (const message of lines) this.raw({ message, source: sourceOf(stream) });
    return this;
  }

  /** Fires timers due by now, or by `nowMs`. */
  tick(nowMs = this.nowMs): this {
    this.task.advanceTime(nowMs);
    return this;
  }

  /** Ends the transaction. */
  commit(): this {
    const { outputs, changelog } = this.task.takeTransaction();
    this.changelog.push(...changelog);
    for (const output of outputs) {
      if (output.topic === 'dead-letter') {
        const name = output.headers['__connect.errors.exception.class.name'];
        this.deadLetters.push({ code: String(name), value: output.value });
        continue;
      }
      const decoded = codec.decode<ParsedPack>(output.value!, ['parsed-pack']);
      if (!decoded.ok) throw new Error(decoded.error.message);
      for (const { event, bind } of decoded.value.value.entries) {
        if (event) this.sent.push(event);
        if (bind) this.binds.push(bind);
      }
    }
    return this;
  }

  /** Crash after a commit: a new task, restored from the changelog. */
  crash(): this {
    this.commit();
    this.task = this.newTask();
    for (const { key, value } of this.changelog) this.task.restore(key, value);
    return this;
  }

  /** Fires what is due and what will be, and returns the last row of each event, in the order of raw-logs. */
  finish(): ReadEvent[] {
    this.task.advanceTime(this.nowMs + 60_000);
    this.commit();
    const rows = new Map<string, ParsedEvent>();
    for (const event of this.sent) rows.set(event.event_id, event);
    return [...rows.values()]
      .sort((a, b) => a.raw.offset - b.raw.offset)
      .map((event) => ({ ...event, props: JSON.parse(event.properties) }));
  }

  /** Sizes of the changelog's entries, bytes. */
  get entrySizes(): number[] {
    return this.changelog.map(({ value }) => value?.length ?? 0);
  }

  get stateKeys(): string[] {
    return [...this.task.state.entries()].map(([key]) => key);
  }

  private newTask(): Task<RawInput, ParseState> {
    const sub = parseSubTopology({
      codec,
      config: this.config,
      rules: this.rules,
      masker: maskerOf(this.config.masking),
      epoch: '7',
    });
    return new Task(sub, 0, () => 6);
  }
}

export interface FeedOptions {
  key?: string | null;
  gapMs?: number;
  headers?: Record<string, Buffer>;
}
