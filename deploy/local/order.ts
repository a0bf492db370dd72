/** Something that starts after others. */
export interface Ordered {
  name: string;
  dependsOn: readonly string[];
}

/**
 * `items` so that each comes after what it depends on, otherwise in the order given. Reversed, it is the order in which to
 * stop. @throws naming an unknown dependency, or the members of a cycle.
 */
export function startOrder<T extends Ordered>(items: readonly T[]): T[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  const ordered: T[] = [];
  const state = new Map<string, 'visiting' | 'done'>();
  const visit = (item: T, path: string[]) => {
    if (state.get(item.name) === 'done') return;
    if (state.get(item.name) === 'visiting') {
      throw new Error(`components depend on each other in a circle: ${[...path, item.name].join(' → ')}`);
    }
    state.set(item.name, 'visiting');
    for (const name of item.dependsOn) {
      const dependency = byName.get(name);
      if (!dependency) throw new Error(`${item.name} depends on ${name}, which is no component`);
      visit(dependency, [...path, item.name]);
    }
    state.set(item.name, 'done');
    ordered.push(item);
  };
  for (const item of items) visit(item, []);
  return ordered;
}

/**
 * The named items and, recursively, what they depend on; all of them where none is named.
 * @throws naming what does not exist.
 */
export function withDependencies<T extends Ordered>(items: readonly T[], names: readonly string[]): T[] {
  if (names.length === 0) return [...items];
  const byName = new Map(items.map((item) => [item.name, item]));
  const wanted = new Set<string>();
  const want = (name: string) => {
    const item = byName.get(name);
    if (!item) throw new Error(`there is no component ${name}: ${[...byName.keys()].join(', ')}`);
    if (wanted.has(name)) return;
    wanted.add(name);
    item.dependsOn.forEach(want);
  };
  names.forEach(want);
  return items.filter((item) => wanted.has(item.name));
}
