import { ERASURES_TOPIC } from '../../../lib/kafka/erasures.js';
import { type ErasedKind, erasureKey } from '../../../lib/model/erasure.js';
import { groupKeys, uuidOf } from '../../../lib/model/ids.js';
import { QdrantMissingError, QdrantUnavailableError } from '../../../lib/stores/qdrant/errors.js';
import type { EventFilter } from '../../../lib/stores/qdrant/points.js';
import type { QdrantStore } from '../../../lib/stores/qdrant/store.js';
import {
  deleteTraceRows,
  type ErasedRows,
  eraseRows,
  eventsToErase,
  traceToErase,
} from '../../../lib/stores/surreal/erase.js';
import { recountTraces, retireTraces, type SurrealStore } from '../../../lib/stores/surreal/index.js';
import type { Erased, ErasurePort } from '../ports.js';
import { Problem } from '../problem.js';
import type { JsonWriter } from './json-writer.js';
import { asking } from './surreal-store.js';

const TRACES_TOPIC = 'agent-traces';

interface ErasedId {
  kind: ErasedKind;
  id: string;
}

/**
 * Erases what is stored, and says first that it may not come back: an id is in topic `erasures` before a row of it is looked for, and
 * sinks look there after each write. So what is not found here is taken away by whoever wrote it. Every step can be done again.
 */
export class Eraser implements ErasurePort {
  constructor(
    private readonly parts: {
      surreal: SurrealStore;
      qdrant: QdrantStore;
      writer: JsonWriter;
      now: () => number;
    },
  ) {}

  async eraseTrace(id: string): Promise<Erased> {
    const told = new Set<string>();
    const found = await asking(() => traceToErase(this.parts.surreal, id));
    const traceId = found?.traceId ?? id;
    // groups were traces of their own before they came here
    const groupIds = found?.groupIds ?? [];
    // sinks may take them away from now on
    const { size: traces } = await asking(() => this.rowsOf([...new Set([traceId, ...groupIds])]));
    // a session's or a run's own trace has the id of its group
    await this.tell(groupsOf([id, traceId, ...groupIds]), told);
    const groups = new Set(groupIds);
    let vectors = await this.erasePoints({ trace_id: traceId });
    const events = await this.eraseEvents({ traceId }, groups, told);
    for (const group_id of groups) vectors += await this.erasePoints({ group_id });
    const traceIds = [...new Set([id, traceId, ...groups])];
    await this.forgetTraces(traceIds);
    await asking(() => deleteTraceRows(this.parts.surreal, traceIds));
    return { traces, events, vectors };
  }

  async eraseSession(id: string): Promise<Erased> {
    const told = new Set<string>();
    const group = uuidOf(groupKeys.session(id));
    await this.tell([{ kind: 'session', id }, ...groupsOf([group])], told);
    const touched = new Set<string>([group]);
    const vectors =
      (await this.erasePoints({ session_id: id })) + (await this.erasePoints({ group_id: group }));
    const events =
      (await this.eraseEvents({ sessionId: id }, null, told, touched)) +
      (await this.eraseEvents({ groupId: group }, null, told, touched));
    const { surreal } = this.parts;
    const before = await asking(() => this.rowsOf([...touched]));
    // one that holds other events stays, without these
    await asking(() => retireTraces(surreal, [...before]));
    await asking(() => recountTraces(surreal, [...before]));
    const after = await asking(() => this.rowsOf([...touched]));
    await this.forgetTraces([...touched].filter((traceId) => !after.has(traceId)));
    return { traces: before.size - after.size, events, vectors };
  }

  /** `groups`: with them the events' groups are erased; null: they may hold what stays. */
  private async eraseEvents(
    which: ErasedRows,
    groups: Set<string> | null,
    told: Set<string>,
    touched = new Set<string>(),
  ): Promise<number> {
    const { surreal } = this.parts;
    let erased = 0;
    for (;;) {
      const rows = await asking(() => eventsToErase(surreal, which));
      if (rows.length === 0) return erased;
      for (const { trace_id, group_id } of rows) {
        touched.add(trace_id);
        groups?.add(group_id);
      }
      if (groups !== null) await this.tell(groupsOf(rows.map(({ group_id }) => group_id)), told);
      await asking(() => eraseRows(surreal, rows));
      // points of an older version do not know their session
      await this.points(() =>
        this.parts.qdrant.deleteEvents(rows.map(({ event_id }) => event_id)).then(() => 0),
      );
      erased += rows.length;
    }
  }

  /** Durable when it resolves: the id may not come back from then on. */
  private async tell(ids: readonly ErasedId[], told: Set<string>): Promise<void> {
    const fresh = new Map<string, ErasedKind>();
    for (const { kind, id } of ids) {
      const key = erasureKey(kind, id);
      if (!told.has(key)) fresh.set(key, kind);
    }
    if (fresh.size === 0) return;
    const erased_at = new Date(this.parts.now()).toISOString();
    await this.write(
      ERASURES_TOPIC,
      [...fresh].map(([key, kind]) => ({ key, value: { kind, erased_at } })),
    );
    for (const key of fresh.keys()) told.add(key);
  }

  /** Tombstones for the compacted topic of traces. */
  private forgetTraces(traceIds: readonly string[]): Promise<void> {
    if (traceIds.length === 0) return Promise.resolve();
    return this.write(
      TRACES_TOPIC,
      traceIds.map((key) => ({ key, value: null })),
    );
  }

  private async write(topic: string, records: { key: string; value: object | null }[]): Promise<void> {
    try {
      await this.parts.writer.write(topic, records);
    } catch (error) {
      throw new Problem('kafka-unavailable', `${topic}: ${(error as Error).message}`, { retryAfterS: 2 });
    }
  }

  private erasePoints(filter: EventFilter): Promise<number> {
    return this.points(() => this.parts.qdrant.deleteAll(filter));
  }

  private async points(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof QdrantMissingError) return 0; // nothing was embedded yet
      if (error instanceof QdrantUnavailableError)
        throw new Problem('store-unavailable', error.message, { retryAfterS: 2 });
      throw error;
    }
  }

  private async rowsOf(traceIds: readonly string[]): Promise<Set<string>> {
    const [rows] = await this.parts.surreal.query<[string[]]>(
      'RETURN $ids.filter(|$id| record::exists(type::record("agent_trace", $id)));',
      { ids: traceIds },
    );
    return new Set(rows);
  }
}

const groupsOf = (groupIds: readonly string[]): ErasedId[] =>
  groupIds.flatMap((id): ErasedId[] => [
    { kind: 'group', id },
    { kind: 'trace', id },
  ]);
