import { decodeProgress, encodeProgress, groupRecordKey, parseKey, seenRecordKey } from './checkpoint.js';
import {
  beginAt,
  closeRange,
  horizonMs,
  isCurrent,
  type Lane,
  type Lanes,
  openRange,
  type Progress,
  type Range,
} from './lanes.js';
import { hashOf, minuteOf, SeenIds, type SeenPart, type StoredPart } from './seen-ids.js';

/** An event as FilterLogEvents gives it. */
export interface LogEvent {
  eventId: string;
  /** Event time, Unix milliseconds. */
  timestampMs: number;
  /** When CloudWatch took it, Unix milliseconds; null where it does not say. */
  ingestedMs: number | null;
  stream: string;
  message: string;
}

export interface Page {
  events: LogEvent[];
  /** Whether the range holds no further page. */
  last: boolean;
}

/** What becomes of a page. */
export interface Accepted {
  /** New events in the order of their times. */
  fresh: LogEvent[];
  duplicates: number;
  /** New ones that the fast lane had passed already. */
  late: number;
  /** New ones that CloudWatch took later than the lookback after their time: they are luck, not promised. */
  beyondLookback: number;
  /** Events outside of the range that was asked for: left out, their own range brings them. */
  outside: number;
  /** The range was overtaken while the page was on its way: nothing of it counts. */
  stale: boolean;
}

/** A record of the changelog, and what it holds. */
export interface Change {
  key: string;
  value: Buffer | null;
  /** Set where it is a record of seen ids. */
  seen: { group: string; part: SeenPart } | null;
}

interface GroupState {
  progress: Progress;
  seen: SeenIds;
  dirty: boolean;
  /** It is forgotten with the next changes. */
  gone: boolean;
}

/**
 * Positions and seen ids of the groups of one shard. It does no I/O and knows no clock. Invariant: after
 * {@link takeChanges} the records written so far restore to exactly this state, and an id is remembered for as long as
 * its event can be asked for again.
 */
export class ShardState {
  private readonly groups = new Map<string, GroupState>();

  constructor(private readonly lanes: Lanes) {}

  /** Applies one record of the changelog, oldest first; keys of other kinds are passed over. */
  restore(key: string, value: Buffer | null, offset: number): void {
    const parsed = parseKey(key);
    if (parsed === null) return;
    // what is removed of a group that is gone need not bring it back
    if (value === null && !this.groups.has(parsed.group)) return;
    if (parsed.kind === 'seen') {
      this.ensure(parsed.group).seen.restore(parsed, value, offset);
      return;
    }
    if (value === null) this.groups.delete(parsed.group);
    else this.ensure(parsed.group).progress = decodeProgress(value);
  }

  /** Progress of a group; undefined before its first range. */
  progressOf(group: string): Progress | undefined {
    const progress = this.groups.get(group)?.progress;
    return progress === UNKNOWN ? undefined : progress;
  }

  /** Ids remembered, of all groups. */
  get size(): number {
    let size = 0;
    for (const { seen } of this.groups.values()) size += seen.size;
    return size;
  }

  /** Bytes of those in memory. */
  get bytes(): number {
    let bytes = 0;
    for (const { seen } of this.groups.values()) bytes += seen.bytes;
    return bytes;
  }

  /** Lets go of ids that the changelog has, the same share of each group's, until about `maxBytes` are in memory. */
  trim(maxBytes: number): void {
    const { bytes } = this;
    if (bytes <= maxBytes) return;
    for (const { seen } of this.groups.values()) seen.trim(seen.bytes * (maxBytes / bytes));
  }

  /** The range that a lane of a group reads next; null while there is nothing. A new group begins at `sinceMs`. */
  openRange(group: string, lane: Lane, nowMs: number, sinceMs: number): Range | null {
    const state = this.ensure(group);
    if (state.progress === UNKNOWN) {
      state.progress = beginAt(sinceMs);
      state.dirty = true;
    }
    const opened = openRange(state.progress, lane, nowMs, this.lanes);
    if (opened === null) return null;
    state.dirty ||= opened.progress[lane].pass !== state.progress[lane].pass;
    state.progress = opened.progress;
    return opened.range;
  }

  /** Records that {@link load} wants before the page can be accepted. */
  absent(group: string, range: Range, events: LogEvent[]): StoredPart[] {
    const state = this.groups.get(group);
    if (state === undefined || !isCurrent(state.progress, range)) return [];
    return state.seen.absent(
      new Set(
        events.filter((event) => isWithin(event, range)).map(({ timestampMs }) => minuteOf(timestampMs)),
      ),
    );
  }

  load(group: string, part: SeenPart, value: Buffer): void {
    this.groups.get(group)?.seen.load(part, value);
  }

  /** Takes a page of a range: its new events are to be delivered in the transaction that also holds the changes. */
  accept(group: string, range: Range, page: Page): Accepted {
    const accepted: Accepted = {
      fresh: [],
      duplicates: 0,
      late: 0,
      beyondLookback: 0,
      outside: 0,
      stale: false,
    };
    const state = this.groups.get(group);
    if (state === undefined || !isCurrent(state.progress, range)) return { ...accepted, stale: true };
    this.takeFresh(state, range, page.events, accepted);
    if (page.last) {
      state.progress = closeRange(state.progress, range);
      state.seen.forgetBefore(horizonMs(state.progress, this.lanes));
      state.dirty = true;
    }
    return accepted;
  }

  /** Forgets groups that nobody wants and that were last read before `beforeMs`; returns them. */
  forgetGroups(beforeMs: number, isWanted: (group: string) => boolean): string[] {
    const gone = [...this.groups].filter(
      ([group, { progress }]) =>
        !isWanted(group) && progress !== UNKNOWN && progress.fast.positionMs < beforeMs,
    );
    for (const [, state] of gone) {
      state.seen.forgetBefore(Number.POSITIVE_INFINITY);
      state.gone = true;
    }
    return gone.map(([group]) => group);
  }

  /** Records that bring the changelog up to this state. */
  takeChanges(): Change[] {
    const changes: Change[] = [];
    for (const [group, state] of this.groups) {
      for (const { value, ...part } of state.seen.takeChanges())
        changes.push({ key: seenRecordKey(group, part), value, seen: { group, part } });
      if (state.gone) {
        changes.push({ key: groupRecordKey(group), value: null, seen: null });
        this.groups.delete(group);
        continue;
      }
      if (!state.dirty) continue;
      changes.push({ key: groupRecordKey(group), value: encodeProgress(state.progress), seen: null });
      state.dirty = false;
    }
    return changes;
  }

  /** The changes are committed, each at its offset. */
  stored(changes: readonly Change[], offsets: readonly number[]): void {
    changes.forEach(({ seen }, index) => {
      if (seen) this.groups.get(seen.group)?.seen.stored({ ...seen.part, offset: offsets[index]! });
    });
  }

  private takeFresh(state: GroupState, range: Range, events: LogEvent[], accepted: Accepted): void {
    const passedMs = state.progress.fast.positionMs;
    const inPage = new Set<string>();
    const added = new Map<number, [number, number][]>();
    for (const event of events) {
      if (!isWithin(event, range)) {
        accepted.outside++;
        continue;
      }
      const minute = minuteOf(event.timestampMs);
      const id = hashOf(event.eventId);
      if (inPage.has(event.eventId) || state.seen.has(minute, id)) {
        accepted.duplicates++;
        continue;
      }
      inPage.add(event.eventId);
      const ids = added.get(minute);
      if (ids) ids.push(id);
      else added.set(minute, [id]);
      accepted.fresh.push(event);
      if (event.timestampMs < passedMs) accepted.late++;
      if (event.ingestedMs !== null && event.ingestedMs - event.timestampMs > this.lanes.sweep.overlapMs)
        accepted.beyondLookback++;
    }
    for (const [minute, ids] of added) state.seen.add(minute, ids);
    accepted.fresh.sort((a, b) => a.timestampMs - b.timestampMs);
  }

  private ensure(group: string): GroupState {
    let state = this.groups.get(group);
    if (state === undefined) {
      state = { progress: UNKNOWN, seen: new SeenIds(), dirty: false, gone: false };
      this.groups.set(group, state);
    }
    return state;
  }
}

/** Whether the end itself belongs to an answer is for the service to say; either way it is in the next range, too. */
const isWithin = ({ timestampMs }: LogEvent, { fromMs, toMs }: Range): boolean =>
  timestampMs >= fromMs && timestampMs <= toMs;

/** Of a group whose ids were restored before its positions. */
const UNKNOWN: Progress = beginAt(Number.NaN);
