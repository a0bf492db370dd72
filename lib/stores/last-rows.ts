import type { AgentEvent, AgentTrace, EventRetraction, GroupLink } from '../model/events.js';
import { recountTrace } from '../model/summary/recount.js';
import { replaces, type Version } from './surreal/precedence.js';

/** What the stores hold once everything has been written: rows of events by event_id, of traces by trace_id. */
export interface LastRows<Row = AgentEvent> {
  events: Map<string, Row>;
  traces: Map<string, AgentTrace>;
}

/** The least that is kept of an event. */
export interface RowVersion extends Version {
  event_id: string;
  trace_id: string;
  flags: string[];
}

interface Guarded {
  generation: number;
  revision: number;
}

const isNewer = (next: Guarded, known: Guarded): boolean =>
  next.generation !== known.generation ? next.generation > known.generation : next.revision > known.revision;

const STATE_LOST = 'state_lost';

/**
 * The sinks' rules over the records of agent-events and agent-traces, each partition in its order:
 * - a row is replaced by what takes precedence: within a group what is newer by (generation, revision);
 * - a {@link GroupLink} moves every row of its group that is older than it; one that links to where the group is moves nothing;
 * - an {@link EventRetraction} takes the row away where that is older;
 * - an event flagged `state_lost` may have been there before: the row that is there stays. The flag is not stored;
 * - a trace that says `state_lost`, or whose event another group claims, is counted from its rows.
 *
 * Whoever has too many events to hold keeps rows of its own with what the rules need, and says how to get at the whole event.
 */
export class LastRowsReader<Row extends RowVersion = AgentEvent> {
  private readonly events = new Map<string, Row>();
  private readonly groups = new Map<string, Set<string>>();
  private readonly traces = new Map<string, AgentTrace>();
  private readonly recounted = new Set<string>();

  /** @param load the whole event of a row, for counting. */
  constructor(private readonly load: (row: Row) => AgentEvent) {}

  event(event: Row): void {
    const flags = event.flags.filter((flag) => flag !== STATE_LOST);
    const known = this.events.get(event.event_id);
    if (known) {
      const isLost = flags.length < event.flags.length;
      if (known.group_id !== event.group_id) this.recounted.add(known.trace_id).add(event.trace_id);
      if (isLost || !replaces(event, known)) return;
      this.groups.get(known.group_id)?.delete(event.event_id);
    }
    this.events.set(event.event_id, { ...event, flags });
    const group = this.groups.get(event.group_id) ?? new Set();
    this.groups.set(event.group_id, group.add(event.event_id));
  }

  link(link: GroupLink): void {
    const { trace_id, previous_trace_id, revision, generation } = link;
    if (trace_id === previous_trace_id) return;
    if (this.recounted.has(previous_trace_id)) this.recounted.add(trace_id);
    for (const eventId of this.groups.get(link.group_id) ?? []) {
      const row = this.events.get(eventId)!;
      if (isNewer(link, row)) this.events.set(eventId, { ...row, trace_id, revision, generation });
    }
  }

  retraction(retraction: EventRetraction): void {
    const row = this.events.get(retraction.event_id);
    if (!row || !isNewer(retraction, row)) return;
    this.events.delete(row.event_id);
    this.groups.get(row.group_id)?.delete(row.event_id);
    this.recounted.add(row.trace_id);
  }

  trace(trace: AgentTrace): void {
    const known = this.traces.get(trace.trace_id);
    if (!known || isNewer(trace, known)) this.traces.set(trace.trace_id, trace);
  }

  rows(): LastRows<Row> {
    const traces = new Map<string, AgentTrace>();
    for (const [id, trace] of this.traces) {
      const isRecounted = trace.state_lost || this.recounted.has(id);
      const rows = isRecounted
        ? [...this.events.values()].filter((row) => row.trace_id === id).map(this.load)
        : null;
      traces.set(id, { ...(rows ? recountTrace(rows, trace) : trace), state_lost: false });
    }
    return { events: new Map(this.events), traces };
  }
}
