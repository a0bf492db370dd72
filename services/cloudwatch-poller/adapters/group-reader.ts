import type { Logger } from '../../../lib/telemetry/logger.js';
import type { ApiErrorKind } from '../core/api-error.js';
import { dueMs, LANES, type Lane, type Lanes, type Progress, type Range } from '../core/lanes.js';
import type { LogGroup } from '../core/log-group.js';
import type { LogEvent } from '../core/shard-state.js';
import type { PollerMetrics } from '../metrics.js';
import type { Clock } from './clock.js';
import { ApiError } from './cloudwatch-api.js';
import { collectAfter } from './collect.js';
import type { Turn } from './request-gate.js';
import type { Target } from './target.js';
import { pause } from './waiting.js';

/** Where a reader gets its ranges from and its pages go to. */
export interface Delivery {
  progressOf(group: LogGroup): Progress | undefined;
  openRange(group: LogGroup, lane: Lane): Range | null;
  /**
   * Resolves when the page's new events are stored; false: the range was overtaken, so the rest of it is of no use.
   * Rejects when the shard is given up: nothing more is to be read.
   */
  deliver(group: LogGroup, range: Range, events: LogEvent[], last: boolean): Promise<boolean>;
}

export interface ReaderContext {
  lanes: Lanes;
  clock: Clock;
  /** Longest sleep, milliseconds: a clock that a test moves is looked at this often. */
  maxSleepMs: number;
  metrics: PollerMetrics;
  logger: Logger;
}

/** Why a group is not read at the moment. */
export interface GroupTrouble {
  kind: ApiErrorKind;
  message: string;
  sinceMs: number;
}

const FIRST_BACK_OFF_MS = 500;
/** For what somebody has to mend: asking more often would only cost requests. */
const MAX_BACK_OFF_MS = 30_000;
/** A page that points to itself, or a token refused, this often in a row: begin the range again after a pause. */
const MAX_REPEATS = 3;
/** A page in hand may take this long once the reader is to stop, milliseconds. */
const LAST_PAGE_LIMIT_MS = 5_000;

/**
 * Reads one log group: each lane in passes, each pass in ranges, each range page by page until no nextToken is left. It
 * keeps no position of its own; a failure of any kind leaves the range open, and it is read again.
 */
export class GroupReader {
  trouble: GroupTrouble | null = null;
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private readonly lastBeganMs: Record<Lane, number | null> = { fast: null, sweep: null };
  private lastFastEndMs: number | null = null;
  private readonly backOffMs: Record<Lane, number> = { fast: FIRST_BACK_OFF_MS, sweep: FIRST_BACK_OFF_MS };

  constructor(
    readonly group: LogGroup,
    readonly label: string,
    private readonly target: Target,
    private readonly delivery: Delivery,
    private readonly context: ReaderContext,
  ) {}

  /** Reads until stopped. Rejects only when the delivery does. */
  async run(): Promise<void> {
    await Promise.all(LANES.map((lane) => this.runLane(lane)));
  }

  /** One pass of each lane that is due. Returns whether all of it could be read. */
  async cycle(): Promise<boolean> {
    let read = true;
    for (const lane of ['sweep', 'fast'] as const) {
      if (this.stopping.signal.aborted || this.waitMs(lane) > 0) continue;
      read = (await this.pass(lane)) !== 'failed' && read;
    }
    return read;
  }

  /** Finishes the page in hand; `cut`: not even that. */
  stop({ cut = false } = {}): void {
    this.stopping.abort();
    if (cut) this.cutting.abort();
    else setTimeout(() => this.cutting.abort(), LAST_PAGE_LIMIT_MS).unref();
  }

  /** How far the group has been read; undefined before the first time. */
  get progress(): Progress | undefined {
    return this.delivery.progressOf(this.group);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async runLane(lane: Lane): Promise<void> {
    while (!this.stopped) {
      const waitMs = this.waitMs(lane);
      if (waitMs > 0) await pause(Math.min(waitMs, this.context.maxSleepMs), this.stopping.signal);
      else await this.restAfter(lane, await this.pass(lane));
    }
  }

  /** A lane that is due and yet has nothing to read, as the fast one is while the sweep catches up, looks again later. */
  private async restAfter(lane: Lane, outcome: 'read' | 'failed' | 'nothing'): Promise<void> {
    const { lanes, maxSleepMs } = this.context;
    if (this.stopped) return;
    if (outcome === 'failed') await this.backOff(lane);
    if (outcome === 'nothing')
      await pause(Math.min(lanes[lane].intervalMs, maxSleepMs), this.stopping.signal);
  }

  private waitMs(lane: Lane): number {
    const { clock, lanes } = this.context;
    const nowMs = clock();
    const lastMs = this.lastBeganMs[lane];
    // a clock that was set back does not make the lane wait for its old time
    if (lastMs !== null && lastMs > nowMs) this.lastBeganMs[lane] = nowMs;
    const progress = this.delivery.progressOf(this.group);
    return progress === undefined ? 0 : dueMs(progress, lane, this.lastBeganMs[lane], lanes) - nowMs;
  }

  /** Reads what a lane has to read. */
  private async pass(lane: Lane): Promise<'read' | 'failed' | 'nothing'> {
    const { clock, metrics } = this.context;
    this.lastBeganMs[lane] = clock();
    for (let ranges = 0; ; ranges++) {
      const range = this.delivery.openRange(this.group, lane);
      if (range === null) return ranges === 0 ? 'nothing' : 'read';
      const outcome = await this.readRange(range);
      if (outcome === 'stopped') return 'read';
      metrics.cycle(this.label, lane, outcome !== 'failed');
      if (outcome === 'failed') return 'failed';
      this.recovered();
      const open = this.delivery.progressOf(this.group)?.[lane].pass;
      if (outcome === 'read' && open) continue;
      if (lane === 'fast') this.observeInterval();
      return 'read';
    }
  }

  private async readRange(range: Range): Promise<'read' | 'overtaken' | 'failed' | 'stopped'> {
    const { gate } = this.target;
    let token: string | null = null;
    let repeats = 0;
    let restarts = 0;
    for (;;) {
      const turn = await gate.turn(this.label, range.lane, this.stopping.signal);
      if (turn === null) return 'stopped';
      try {
        const next = await this.readPage(range, token, turn);
        if (next === 'read' || next === 'overtaken') return next;
        repeats = next.token === token ? repeats + 1 : 0;
        token = next.token;
        if (repeats >= MAX_REPEATS) {
          this.report(new ApiError('transient', 'RepeatedPage', 'the same nextToken again and again'));
          return 'failed';
        }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (this.cutting.signal.aborted) return 'stopped';
        this.context.metrics.failedCall(this.target.api.label, error.kind);
        if (error.kind === 'throttled') gate.throttled();
        else if (error.kind === 'token' && restarts < MAX_REPEATS) {
          // what was delivered of the range is known, so reading it again from its start doubles nothing
          token = null;
          restarts++;
        } else {
          this.report(error);
          return 'failed';
        }
      } finally {
        collectAfter(turn.events);
        turn.end();
      }
      if (this.stopped) return 'stopped';
    }
  }

  /** One page, delivered. A function of its own: a suspended one keeps what its variables held, here a page for each group. */
  private async readPage(
    range: Range,
    token: string | null,
    turn: Turn,
  ): Promise<'read' | 'overtaken' | { token: string }> {
    const { api } = this.target;
    const { metrics } = this.context;
    const answered = metrics.call(api.label, 'FilterLogEvents');
    const { events, nextToken } = await api
      .filterPage(this.group.name, range, token, this.cutting.signal, turn.beforeBody)
      .finally(answered);
    turn.events = events.length;
    collectAfter(events.length);
    metrics.fetched(this.label, range.lane, events.length);
    const current = await this.delivery.deliver(this.group, range, events, nextToken === null);
    if (!current) return 'overtaken';
    return nextToken === null ? 'read' : { token: nextToken };
  }

  private async backOff(lane: Lane): Promise<void> {
    const waitMs = Math.min(this.backOffMs[lane], this.longestBackOffMs()) * (0.75 + Math.random() / 2);
    this.backOffMs[lane] = Math.min(this.backOffMs[lane] * 2, MAX_BACK_OFF_MS);
    await pause(waitMs, this.stopping.signal);
  }

  /** What passes by itself is asked as often as a group that can be read: an outage ends with the poll that was due anyway. */
  private longestBackOffMs(): number {
    const kind = this.trouble?.kind;
    if (kind !== 'transient' && kind !== 'token') return MAX_BACK_OFF_MS;
    return Math.max(this.context.lanes.fast.intervalMs, FIRST_BACK_OFF_MS);
  }

  private report(error: ApiError): void {
    const known = this.trouble?.kind === error.kind;
    this.trouble = {
      kind: error.kind,
      message: error.message,
      sinceMs: known ? this.trouble!.sinceMs : this.context.clock(),
    };
    const log = { group: this.label, kind: error.kind, reason: error.message };
    if (known) this.context.logger.debug(log, 'the log group still cannot be read');
    else this.context.logger.error(log, `the log group cannot be read: ${ADVICE[error.kind]}`);
  }

  private recovered(): void {
    for (const lane of LANES) this.backOffMs[lane] = FIRST_BACK_OFF_MS;
    if (this.trouble === null) return;
    this.context.logger.info({ group: this.label }, 'the log group is read again');
    this.trouble = null;
  }

  private observeInterval(): void {
    const nowMs = performance.now();
    if (this.lastFastEndMs !== null)
      this.context.metrics.interval(this.label, (nowMs - this.lastFastEndMs) / 1_000);
    this.lastFastEndMs = nowMs;
  }
}

const ADVICE: Record<ApiErrorKind, string> = {
  throttled: 'the account asks too often; slowing down',
  token: 'its pages are refused again and again; beginning the range anew',
  missing: 'it does not exist in this account and region; trying again',
  denied: 'the credentials lack logs:FilterLogEvents on it; trying again',
  credentials: 'the credentials are not accepted; trying again',
  role: 'the role of its account cannot be assumed; trying again',
  transient: 'CloudWatch does not answer as it should; trying again',
  invalid: 'CloudWatch refuses the request; trying again',
};
