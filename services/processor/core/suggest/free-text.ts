import { type Cluster, WILDCARD } from './drain.js';
import { isLoggerName } from './mask.js';

/** The end of a template after which anything may stand. */
export const REST = '\uf8fe';

/** Templates of so many lengths that begin alike end in free text. */
const LEAST_LENGTHS = 3;

/**
 * Lines that end in prose differ in their number of words, so that they lie in many clusters: `Looking for a berth`, `Looking for the
 * pilot of the ship`. Clusters of three lengths and more that share their first words (or one that ends in a colon) become one, whose
 * template ends in {@link REST}.
 */
export function joinFreeText(clusters: Cluster[]): Cluster[] {
  const byHead = new Map<string, Cluster[]>();
  for (const cluster of clusters) {
    const head = headOf(cluster.template);
    if (head !== null) byHead.set(head, [...(byHead.get(head) ?? []), cluster]);
  }
  const joined = new Map<Cluster, Cluster>();
  for (const group of byHead.values()) {
    if (new Set(group.map(({ template }) => template.length)).size < LEAST_LENGTHS) continue;
    const template = [...sharedStart(group.map((cluster) => cluster.template)), REST];
    const made = {
      template,
      size: group.reduce((sum, { size }) => sum + size, 0),
      samples: group.flatMap(({ samples }) => samples.slice(0, 1)).slice(0, 3),
    };
    for (const cluster of group) joined.set(cluster, made);
  }
  return [...new Set(clusters.map((cluster) => joined.get(cluster) ?? cluster))];
}

/** The words that say what kind of line it is, behind a logger's name; null where there are too few to go by. */
function headOf(template: string[]): string | null {
  const from = isLoggerName(template[0] ?? '') ? 1 : 0;
  const length = /^[A-Z][a-z]+:$/.test(template[from] ?? '') ? 1 : 2;
  const words = template.slice(from, from + length);
  if (words.length < length || template.length <= from + length || !words.every(isWord)) return null;
  return template.slice(0, from + length).join(' ');
}

const isWord = (token: string): boolean => /^[A-Za-z][A-Za-z'-]*[:,]?$/.test(token);

/** The words that all have in common from the first on, short of the shortest one's last. */
function sharedStart(templates: string[][]): string[] {
  const most = Math.min(...templates.map(({ length }) => length)) - 1;
  const [first] = templates;
  let length = 0;
  while (
    length < most &&
    first![length] !== WILDCARD &&
    templates.every((template) => template[length] === first![length])
  )
    length++;
  return first!.slice(0, length);
}
