/** Of the values that are known: nearest rank, so each is one of them. Null where there are none. */
export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
}

/** @param values in any order; sorted in place. */
export function percentiles(values: number[]): Percentiles {
  values.sort((a, b) => a - b);
  // the least value that at least `share` of all values do not exceed
  const at = (share: number) => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? null;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: values.at(-1) ?? null };
}
