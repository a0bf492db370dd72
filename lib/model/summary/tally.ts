/**
 * Statistics by name as a list sorted by name, so that equal contents are equal JSON whatever the order of arrival. Keeps
 * the `limit` least names only. Invariant: a kept name has been kept since it was first seen (whatever pushes a
 * name out stays), so its statistics are complete and the result depends on the set of additions alone.
 */
export type Tally<V> = [name: string, stats: V][];

/** Position of `name`, or the bitwise complement of where it belongs. */
function search<V>(tally: Tally<V>, name: string): number {
  let low = 0;
  let high = tally.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = tally[middle]![0];
    if (at === name) return middle;
    if (at < name) low = middle + 1;
    else high = middle - 1;
  }
  return ~low;
}

/** The statistics of `name`, made by `create` where new; undefined where the name is beyond the limit. */
export function tallied<V>(tally: Tally<V>, name: string, limit: number, create: () => V): V | undefined {
  const index = search(tally, name);
  if (index >= 0) return tally[index]![1];
  const place = ~index;
  if (place >= limit) return undefined;
  const stats = create();
  tally.splice(place, 0, [name, stats]);
  if (tally.length > limit) tally.pop();
  return stats;
}

/** Adds to a counter. */
export function count(tally: Tally<{ n: number }>, name: string, limit: number, by = 1): void {
  const stats = tallied(tally, name, limit, () => ({ n: 0 }));
  if (stats) stats.n = plus(stats.n, by);
}

/** Sum that stays a safe integer: Avro's long is written from a JavaScript number. */
export const plus = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

/** The tally as an object. */
export function toRecord<V, T>(tally: Tally<V>, show: (stats: V) => T): Record<string, T> {
  const record: Record<string, T> = {};
  for (const [name, stats] of tally) record[name] = show(stats);
  return record;
}

/**
 * A name fit to be a key: at most `maxBytes` as JSON, so that a state entry has a known size whatever agents print. The one
 * name that objects cannot hold as a key of their own is written in brackets.
 */
export function keyName(name: string, maxBytes: number): string {
  if (name === '__proto__') return '[__proto__]';
  if (name.length * 6 <= maxBytes) return name;
  let cut = name.length > maxBytes ? name.slice(0, maxBytes) : name;
  while (Buffer.byteLength(JSON.stringify(cut), 'utf8') - 2 > maxBytes) {
    cut = cut.slice(0, Math.floor(cut.length * 0.75));
  }
  return cut.toWellFormed();
}
