import type { TraceOut } from '../api/types.js';

/** What the overview says of some traces. */
export interface Figures {
  runs: number;
  failed: number;
  running: number;
  events: number;
  errors: number;
  /** Share of the events that the parser understood; null: there are none. */
  understood: number | null;
  tokens: number;
  usd: number;
  /** A part of the cost is not known. */
  isLeast: boolean;
  /** Milliseconds that a run took; null: none has ended. */
  duration: { p50: number; p95: number; p99: number } | null;
  tools: ToolFigures[];
  models: ModelFigures[];
  buckets: Bucket[];
}

export interface ToolFigures {
  name: string;
  calls: number;
  errors: number;
  /** Milliseconds a call took on average; null: no call tells. */
  meanMs: number | null;
}

export interface ModelFigures {
  name: string;
  calls: number;
  errors: number;
  tokens: number;
  usd: number | null;
}

/** Runs that began in a span of time. */
export interface Bucket {
  startMs: number;
  completed: number;
  failed: number;
  running: number;
  [count: string]: number;
}

const PLAIN_LINE = 'log';
const BUCKETS = 30;

export function figuresOf(traces: readonly TraceOut[]): Figures {
  const sum = (count: (trace: TraceOut) => number) =>
    traces.reduce((total, trace) => total + count(trace), 0);
  const events = sum((trace) => trace.total_events);
  const plain = sum((trace) => trace.event_counts[PLAIN_LINE] ?? 0);
  return {
    runs: traces.length,
    failed: traces.filter(({ status }) => status === 'failed').length,
    running: traces.filter(({ status }) => status === 'running').length,
    events,
    errors: sum((trace) => trace.error_count),
    understood: events === 0 ? null : 1 - plain / events,
    tokens: sum(({ models }) =>
      Object.values(models).reduce((all, { total_tokens }) => all + total_tokens, 0),
    ),
    usd: sum(({ cost }) => cost.usd ?? 0),
    isLeast: traces.some(({ cost, models }) => Object.keys(models).length > 0 && !cost.complete),
    duration: percentilesOf(
      traces.filter(({ status }) => status !== 'running').map((one) => one.duration_ms),
    ),
    tools: toolsOf(traces),
    models: modelsOf(traces),
    buckets: bucketsOf(traces),
  };
}

/** Nearest rank: each is a duration that was measured. */
export function percentilesOf(values: readonly number[]): Figures['duration'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function toolsOf(traces: readonly TraceOut[]): ToolFigures[] {
  const tools = new Map<string, { calls: number; errors: number; timed: number; totalMs: number }>();
  for (const trace of traces) {
    for (const [name, { calls, errors, timed, total_ms }] of Object.entries(trace.tools)) {
      const known = tools.get(name) ?? { calls: 0, errors: 0, timed: 0, totalMs: 0 };
      known.calls += calls;
      known.errors += errors;
      known.timed += timed;
      known.totalMs += total_ms;
      tools.set(name, known);
    }
  }
  return [...tools]
    .map(([name, { calls, errors, timed, totalMs }]) => ({
      name,
      calls,
      errors,
      meanMs: timed > 0 ? totalMs / timed : null,
    }))
    .sort((a, b) => b.errors - a.errors || b.calls - a.calls);
}

function modelsOf(traces: readonly TraceOut[]): ModelFigures[] {
  const models = new Map<string, ModelFigures>();
  for (const trace of traces) {
    for (const [name, { calls, errors, total_tokens }] of Object.entries(trace.models)) {
      const known = models.get(name) ?? { name, calls: 0, errors: 0, tokens: 0, usd: null };
      const usd = trace.cost.models[name]?.usd ?? null;
      known.calls += calls;
      known.errors += errors;
      known.tokens += total_tokens;
      if (usd !== null) known.usd = (known.usd ?? 0) + usd;
      models.set(name, known);
    }
  }
  return [...models.values()].sort((a, b) => b.tokens - a.tokens);
}

/** Equal spans of time from the first start to the last; empty without traces. */
export function bucketsOf(traces: readonly TraceOut[]): Bucket[] {
  if (traces.length === 0) return [];
  const starts = traces.map(({ start_time }) => Date.parse(start_time));
  const first = Math.min(...starts);
  const width = Math.max(1_000, Math.ceil((Math.max(...starts) + 1 - first) / BUCKETS));
  const count = Math.floor((Math.max(...starts) - first) / width) + 1;
  const buckets = Array.from(
    { length: count },
    (_, index): Bucket => ({ startMs: first + index * width, completed: 0, failed: 0, running: 0 }),
  );
  traces.forEach(({ status }, index) => {
    const bucket = buckets[Math.floor((starts[index]! - first) / width)]!;
    bucket[status === 'failed' || status === 'running' ? status : 'completed']!++;
  });
  return buckets;
}
