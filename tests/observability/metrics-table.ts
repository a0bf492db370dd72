import type { Family } from './exposition.js';

/** Metrics of prom-client itself: described by one sentence of the page. */
export const isDefault = (name: string): boolean => /^vectadb_(process|nodejs)_/.test(name);

/** The table of docs/metrics.md, from what running services say: service → its metrics. */
export function metricsTable(exported: ReadonlyMap<string, ReadonlyMap<string, Family>>): string {
  const rows = new Map<string, { family: Family; services: string[]; labels: Set<string> }>();
  for (const [service, families] of exported) {
    for (const family of families.values()) {
      if (isDefault(family.name)) continue;
      const row = rows.get(family.name) ?? { family, services: [], labels: new Set<string>() };
      row.services.push(service);
      for (const label of family.labels) if (label !== 'service') row.labels.add(label);
      rows.set(family.name, row);
    }
  }
  return [
    '| metric | type | labels | exported by | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...[...rows.values()]
      .sort((a, b) => (a.family.name < b.family.name ? -1 : 1))
      .map(
        ({ family, services, labels }) =>
          `| \`${family.name}\` | ${family.type} | ${[...labels].sort().join(', ')} | ${services.sort().join(', ')} | ${family.help.replaceAll('|', '\\|')} |`,
      ),
  ].join('\n');
}
