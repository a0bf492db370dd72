import type { AgentEvent, AgentTrace } from '../../../lib/model/events.js';
import { canonicalJson } from '../../../lib/model/json.js';

/** What a replay would change. Counts; examples are the first few of their kind. */
export interface Difference {
  events: { same: number; changed: number; new: number; gone: number; fields: Record<string, number> };
  /** Lines that were `log` and are something now, by the rule that understands them; and the other way round. */
  understood: { lines: number; rules: Record<string, number> };
  lost: { lines: number; rules: Record<string, number> };
  /**
   * Of the traces that hold events of the range: `split` into several, `merged` from several, `renamed` whole; `changed` in what is said of
   * them though their events stayed.
   */
  traces: {
    same: number;
    changed: number;
    split: number;
    merged: number;
    renamed: number;
    fields: Record<string, number>;
  };
  /** What cannot be compared: it began before the context that was replayed. */
  before_context: { events: number; traces: number };
  /** Traces that have gone on since the replay began. */
  growing: number;
  examples: Example[];
}

export interface Example {
  kind: 'changed' | 'new' | 'gone' | 'understood' | 'lost' | 'split' | 'merged';
  id: string;
  text: string;
}

const EXAMPLES_OF_A_KIND = 5;
const EXAMPLE_CHARACTERS = 160;
const FALLBACK = 'log';

type Fields<T> = readonly (keyof T & string)[];

const EVENT_FIELDS: Fields<AgentEvent> = [
  'event_type',
  'trace_id',
  'group_id',
  'group_key',
  'session_id',
  'agent_id',
  'timestamp_ms',
  'framework',
  'properties',
  'source',
  'raw',
  'created_ms',
  'updated_ms',
  'why',
  'flags',
  'options',
];
const TRACE_FIELDS: Fields<AgentTrace> = [
  'session_id',
  'agent_id',
  'status',
  'merged_into',
  'group_ids',
  'continues',
  'duration_ms',
  'agents',
  'frameworks',
  'total_events',
  'error_count',
  'event_counts',
  'tools',
  'models',
  'start_ms',
  'end_ms',
  'created_ms',
  'updated_ms',
];

/** Fields in which two rows differ; `revision` and `generation` are not among them. */
export const eventFieldsThatDiffer = (a: AgentEvent, b: AgentEvent): string[] =>
  differing(EVENT_FIELDS, a, b);
export const traceFieldsThatDiffer = (a: AgentTrace, b: AgentTrace): string[] =>
  differing(TRACE_FIELDS, a, b);

function differing<T extends object>(fields: Fields<T>, a: T, b: T): string[] {
  return fields.filter((field) => !isEqual(a[field], b[field]));
}

/** Values as they are stored: decoded by whatever library, so their prototypes say nothing. */
const isEqual = (a: unknown, b: unknown): boolean =>
  a === b ||
  (typeof a === 'object' && typeof b === 'object' && canonicalJson({ of: a }) === canonicalJson({ of: b }));

/** Whether nothing differs that can be compared. */
export const isNothing = ({ events, traces }: Difference): boolean =>
  events.changed +
    events.new +
    events.gone +
    traces.changed +
    traces.split +
    traces.merged +
    traces.renamed ===
  0;

/** Gathers a {@link Difference}, row by row. Memory: the traces of the range. */
export class DifferenceCounter {
  private readonly difference: Difference = {
    events: { same: 0, changed: 0, new: 0, gone: 0, fields: {} },
    understood: { lines: 0, rules: {} },
    lost: { lines: 0, rules: {} },
    traces: { same: 0, changed: 0, split: 0, merged: 0, renamed: 0, fields: {} },
    before_context: { events: 0, traces: 0 },
    growing: 0,
    examples: [],
  };
  /** Traces in which the events of a stored trace are now, and the other way round. */
  private readonly targets = new Map<string, Set<string>>();
  private readonly origins = new Map<string, Set<string>>();

  /** One event of the range; null where one side has none. */
  event(stored: AgentEvent | null, replayed: AgentEvent | null): void {
    const { events } = this.difference;
    if (stored === null && replayed !== null) {
      events.new++;
      this.example('new', replayed.event_id, shown(replayed));
      this.classified(null, replayed);
    } else if (stored !== null && replayed === null) {
      events.gone++;
      this.example('gone', stored.event_id, shown(stored));
      this.classified(stored, null);
    } else if (stored !== null && replayed !== null) this.both(stored, replayed);
  }

  /** An event of a trace that began before the context. */
  eventBeforeContext(): void {
    this.difference.before_context.events++;
  }

  traceBeforeContext(): void {
    this.difference.before_context.traces++;
  }

  growingTrace(): void {
    this.difference.growing++;
  }

  /** A trace that both have. */
  trace(stored: AgentTrace, replayed: AgentTrace): void {
    const { traces } = this.difference;
    const fields = traceFieldsThatDiffer(stored, replayed);
    if (fields.length === 0) {
      traces.same++;
      return;
    }
    traces.changed++;
    for (const field of fields) count(traces.fields, field);
    const how = fields
      .slice(0, 3)
      .map((field) => {
        const [from, to] = [stored, replayed].map((row) => JSON.stringify(row[field as keyof AgentTrace]));
        return `${field} ${from?.slice(0, 60)} → ${to?.slice(0, 60)}`;
      })
      .join(', ');
    this.example('changed', stored.trace_id, `trace: ${how}`);
  }

  result(): Difference {
    const { traces } = this.difference;
    for (const [id, targets] of this.targets) {
      if (targets.size > 1) {
        traces.split++;
        this.example('split', id, `into ${listed(targets)}`);
        continue;
      }
      const [target] = targets;
      if (target !== id && this.origins.get(target!)!.size === 1) traces.renamed++;
    }
    for (const [id, origins] of this.origins) {
      if (origins.size < 2) continue;
      traces.merged++;
      this.example('merged', id, `from ${listed(origins)}`);
    }
    return this.difference;
  }

  private both(stored: AgentEvent, replayed: AgentEvent): void {
    const { events } = this.difference;
    add(this.targets, stored.trace_id, replayed.trace_id);
    add(this.origins, replayed.trace_id, stored.trace_id);
    const fields = eventFieldsThatDiffer(stored, replayed);
    if (fields.length === 0) {
      events.same++;
      return;
    }
    events.changed++;
    for (const field of fields) count(events.fields, field);
    this.example('changed', stored.event_id, `${fields.join(', ')}: ${shown(replayed)}`);
    this.classified(stored, replayed);
  }

  private classified(stored: AgentEvent | null, replayed: AgentEvent | null): void {
    const { understood, lost } = this.difference;
    const was = stored?.event_type ?? FALLBACK;
    const is = replayed?.event_type ?? FALLBACK;
    if (was === FALLBACK && is !== FALLBACK && stored !== null) {
      understood.lines++;
      count(understood.rules, replayed?.why.rule ?? 'structured');
      this.example('understood', replayed!.event_id, `${is}: ${shown(replayed!)}`);
    } else if (was !== FALLBACK && is === FALLBACK && replayed !== null) {
      lost.lines++;
      count(lost.rules, stored?.why.rule ?? 'structured');
      this.example('lost', stored!.event_id, `${was}: ${shown(stored!)}`);
    }
  }

  private example(kind: Example['kind'], id: string, text: string): void {
    const { examples } = this.difference;
    if (examples.filter((example) => example.kind === kind).length >= EXAMPLES_OF_A_KIND) return;
    examples.push({ kind, id, text: text.slice(0, EXAMPLE_CHARACTERS) });
  }
}

function shown({ properties, event_type }: AgentEvent): string {
  const { message } = JSON.parse(properties) as { message?: unknown };
  return typeof message === 'string' ? message.replace(/\s+/g, ' ') : event_type;
}

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

const add = (map: Map<string, Set<string>>, key: string, value: string): void => {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
};

const listed = (ids: ReadonlySet<string>): string =>
  [...ids].slice(0, 3).join(', ') + (ids.size > 3 ? ` and ${ids.size - 3} more` : '');
