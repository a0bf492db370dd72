/** One metric of /metrics, https://prometheus.io/docs/instrumenting/exposition_formats/. */
export interface Family {
  name: string;
  type: string;
  help: string;
  /** Names of the labels of its samples; `le` is left out. */
  labels: Set<string>;
  samples: number;
}

const SUFFIXES = /_(bucket|sum|count)$/;

/** Metrics of one answer by name. @throws on a sample of a metric that was not announced by a TYPE line. */
export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const of = (name: string): Family => {
    const known = families.get(name);
    if (known) return known;
    const made: Family = { name, type: '', help: '', labels: new Set(), samples: 0 };
    families.set(name, made);
    return made;
  };
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment) {
      const [, what, name, rest] = comment;
      of(name!)[what === 'HELP' ? 'help' : 'type'] = rest!;
      continue;
    }
    const sample = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? \S+$/i.exec(line);
    if (!sample) continue;
    const [, name, labels = ''] = sample;
    const family = families.get(name!) ?? families.get(name!.replace(SUFFIXES, ''));
    if (!family?.type) throw new Error(`${name} has no TYPE line`);
    family.samples++;
    for (const [, label] of labels.matchAll(/([a-z_]\w*)="(?:[^"\\]|\\.)*"/gi))
      if (label !== 'le') family.labels.add(label!);
  }
  return families;
}

/** Metrics that a PromQL expression names, without the suffixes of histograms. */
export const metricsOf = (expr: string): string[] => [
  ...new Set((expr.match(/\bvectadb_\w+/g) ?? []).map((name) => name.replace(SUFFIXES, ''))),
];
