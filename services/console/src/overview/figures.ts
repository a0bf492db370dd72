import type { TraceOut } from '../api/types.js';

/** What the overview says of some traces. */
export interface Figures {
  runs: number;
  failed: number;
  running: number;
  /** Milliseconds that a run took; null: none has ended. */
  duration: { p50: number; p95: number; p99: number } | null;
  buckets: Bucket[];
}

/** Runs that began in a span of time. */
export interface Bucket {
  startMs: number;
  completed: number;
  failed: number;
  running: number;
  [count: string]: number;
}

const BUCKETS = 30;

export const figuresOf = (traces: readonly TraceOut[]): Figures => ({
  runs: traces.length,
  failed: traces.filter(({ status }) => status === 'failed').length,
  running: traces.filter(({ status }) => status === 'running').length,
  duration: percentilesOf(traces.filter(({ status }) => status !== 'running').map((one) => one.duration_ms)),
  buckets: bucketsOf(traces),
});

/** Nearest rank: each is a duration that was measured. */
export function percentilesOf(values: readonly number[]): Figures['duration'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
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
