import type { AgentEvent, AgentTrace } from '../../lib/model/events.js';
import { readGroupSteps, writeCauses } from '../../lib/stores/surreal/causes.js';
import type { SurrealStore } from '../../lib/stores/surreal/connection.js';
import { countRefused, countWithdrawn } from '../../lib/stores/surreal/flow.js';
import { probeWrite } from '../../lib/stores/surreal/probe-write.js';
import { recountTraces } from '../../lib/stores/surreal/recount.js';
import { retireTraces, retractEvents } from '../../lib/stores/surreal/retract.js';
import {
  countSuperseded,
  markForRecount,
  moveGroup,
  writeEvents,
  writeTraces,
} from '../../lib/stores/surreal/writes.js';
import { type Attempt, writeOrIsolate } from './bisect.js';
import type { Folded } from './core/fold.js';
import { KnownGroups } from './core/known-groups.js';

/** Rows of one statement: larger ones gain nothing and lose more to a refused row. */
const CHUNK_ROWS = 500;

export interface WriterPorts<Origin> {
  /** Durable when it resolves. */
  deadLetter: (origin: Origin, reason: string) => Promise<void>;
  onRetry: () => void;
}

export interface EventCounts {
  inserted: number;
  replaced: number;
  ignored: number;
  moved: number;
  retracted: number;
}

/** Puts what a batch comes to into SurrealDB; everything it does can be done again without harm. */
export class RowWriter<Origin> {
  private readonly known = new WeakMap<AbortSignal, KnownGroups>();

  constructor(
    private readonly store: SurrealStore,
    private readonly ports: WriterPorts<Origin>,
  ) {}

  /**
   * @param shard partition of agent-events: what is stored is counted for each by itself
   * @throws where the store is down or refuses everything.
   */
  async writeEvents(
    { events, moves, retractions, shared, superseded, withdrawn }: Folded<Origin>,
    signal: AbortSignal,
    shard: number,
  ): Promise<EventCounts> {
    const counts: EventCounts = { inserted: 0, replaced: 0, ignored: 0, moved: 0, retracted: 0 };
    const touched = new Set(shared);
    await this.inChunks(retractions, signal, async (items) => {
      const gone = await retractEvents(
        this.store,
        items.map(({ retraction }) => retraction),
      );
      counts.retracted += gone.length;
      for (const { trace_id, group_id } of gone) {
        touched.add(trace_id);
        this.knownTo(signal).forget(group_id);
      }
    });
    await this.again(signal, () => countWithdrawn(this.store, shard, withdrawn));
    const write = async (items: Folded<Origin>['events']) => {
      const uncounted = items.filter(({ counted }) => !counted).map(({ event }) => event.event_id);
      const written = await writeEvents(
        this.store,
        items.map(({ event }) => event),
        { shard, uncounted: new Set(uncounted) },
      );
      counts.inserted += written.inserted;
      counts.replaced += written.replaced;
      counts.ignored += written.ignored;
      for (const traceId of written.left) touched.add(traceId);
    };
    await this.inChunks(events, signal, write, async ({ event, counted }) => {
      if (counted) await countRefused(this.store, shard, event);
    });
    await this.again(signal, () => countSuperseded(this.store, superseded, shard));
    if (shared.length > 0) await this.again(signal, () => markForRecount(this.store, shared));
    // rows first: a move then finds all rows of its group that are older than it
    for (const move of moves) {
      await writeOrIsolate(
        [move],
        this.attempt(signal, async () => {
          counts.moved += await moveGroup(this.store, move.link, move.previous);
        }),
      );
    }
    for (const { event } of events) touched.add(event.trace_id);
    for (const { link, previous } of moves) for (const id of [link.trace_id, ...previous]) touched.add(id);
    await this.recount([...touched], signal);
    await this.relate(
      events.map(({ event }) => event),
      signal,
    );
    return counts;
  }

  /** @returns how many rows changed. @throws as {@link writeEvents} */
  async writeTraces(traces: { trace: AgentTrace; origin: Origin }[], signal: AbortSignal): Promise<number> {
    let written = 0;
    await this.inChunks(traces, signal, async (items) => {
      written += await writeTraces(
        this.store,
        items.map(({ trace }) => trace),
      );
    });
    await this.recount(
      traces.map(({ trace }) => trace.trace_id),
      signal,
    );
    return written;
  }

  /** Traces that are no more: each goes once it has no event, now or with a later write. @throws as {@link writeEvents} */
  async retireTraces(traceIds: string[], signal: AbortSignal): Promise<void> {
    if (traceIds.length === 0) return;
    await this.again(signal, () => retireTraces(this.store, traceIds));
    await this.recount(traceIds, signal);
  }

  private async inChunks<Item extends { origin: Origin }>(
    items: Item[],
    signal: AbortSignal,
    write: (items: Item[]) => Promise<void>,
    onRefused?: (item: Item) => Promise<void>,
  ): Promise<void> {
    for (let at = 0; at < items.length; at += CHUNK_ROWS) {
      await writeOrIsolate(items.slice(at, at + CHUNK_ROWS), this.attempt(signal, write, onRefused));
    }
  }

  private attempt<Item extends { origin: Origin }>(
    signal: AbortSignal,
    write: (items: Item[]) => Promise<void>,
    onRefused?: (item: Item) => Promise<void>,
  ): Attempt<Item> {
    return {
      write,
      probe: () => probeWrite(this.store),
      refused: async (item, reason) => {
        await this.ports.deadLetter(item.origin, reason);
        await onRefused?.(item);
      },
      signal,
      onRetry: this.ports.onRetry,
    };
  }

  /** A statement of no single record: what the store refuses here is not laid at a record's door. */
  private async again(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const attempt: Attempt<null> = {
      write: work,
      probe: async () => {},
      refused: async (_, reason) => {
        throw new Error(reason);
      },
      signal,
      onRetry: this.ports.onRetry,
    };
    await writeOrIsolate([null], attempt);
  }

  private async recount(traceIds: string[], signal: AbortSignal): Promise<void> {
    await this.again(signal, async () => {
      await recountTraces(this.store, traceIds);
    });
  }

  /** Edges of the groups whose events ask for them; their rows are read once for as long as the partition is owned. */
  private async relate(events: AgentEvent[], signal: AbortSignal): Promise<void> {
    const byGroup = new Map<string, AgentEvent[]>();
    for (const event of events) {
      const members = byGroup.get(event.group_id);
      if (members) members.push(event);
      else byGroup.set(event.group_id, [event]);
    }
    const known = this.knownTo(signal);
    for (const [groupId, members] of byGroup) {
      const asks = members.some((event) => event.options?.extract_relationships);
      if (!asks && !known.has(groupId)) continue;
      try {
        await this.again(signal, async () => {
          if (!known.has(groupId)) known.learn(groupId, await readGroupSteps(this.store, groupId));
          const { existing, wanted } = known.add(groupId, members);
          await writeCauses(this.store, groupId, wanted, existing);
          known.wrote(groupId, wanted);
        });
      } catch (error) {
        known.forget(groupId);
        throw error;
      }
    }
  }

  /** A signal lives as long as one ownership of a partition, and so does what is known of its groups. */
  private knownTo(signal: AbortSignal): KnownGroups {
    let known = this.known.get(signal);
    if (!known) {
      known = new KnownGroups();
      this.known.set(signal, known);
    }
    return known;
  }
}
