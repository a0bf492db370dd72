/** A place of a template where the lines differ. */
export const WILDCARD = '\uf8ff';

/** Lines of one shape: the words that they share, and {@link WILDCARD} where they differ. */
export interface Cluster {
  template: string[];
  size: number;
  /** The first lines of it, as given. */
  samples: string[];
}

interface Node {
  children: Map<string, Node>;
  clusters: Cluster[];
}

export interface DrainOptions {
  /** Leading words that the tree tells lines apart by. */
  depth?: number;
  /** Share of words that a line must have in common with a template to belong to it, 0 to 1. */
  similarity?: number;
  /** Children of one node; what comes later goes where any word may stand. */
  maxChildren?: number;
  /** Clusters in all; lines that would begin another one are left out. */
  maxClusters?: number;
  samples?: number;
}

const newNode = (): Node => ({ children: new Map(), clusters: [] });

/**
 * Clusters log lines online: P. He, J. Zhu, Z. Zheng, M. R. Lyu, "Drain: An Online Log Parsing Approach with Fixed Depth Tree",
 * ICWS 2017. A tree of fixed depth, by number of words and then by the first of them, leads to a few templates; the most
 * similar one takes the line, and where they differ it becomes a wildcard. Words with digits never branch the tree.
 */
export class Drain {
  readonly clusters: Cluster[] = [];
  /** Lines that no cluster took. */
  leftOut = 0;
  private readonly root = newNode();
  private readonly options: Required<DrainOptions>;

  constructor(options: DrainOptions = {}) {
    this.options = {
      depth: 2,
      similarity: 0.5,
      maxChildren: 100,
      maxClusters: 2_000,
      samples: 3,
      ...options,
    };
  }

  /** Takes a line by its words; `sample` is what is kept of it to show. */
  add(words: string[], sample: string): Cluster | null {
    const leaf = this.leafOf(words);
    const found = mostSimilar(leaf.clusters, words, this.options.similarity);
    if (found !== null) {
      merge(found.template, words);
      found.size++;
      if (found.samples.length < this.options.samples && !found.samples.includes(sample))
        found.samples.push(sample);
      return found;
    }
    if (this.clusters.length >= this.options.maxClusters) {
      this.leftOut++;
      return null;
    }
    const made: Cluster = { template: [...words], size: 1, samples: [sample] };
    leaf.clusters.push(made);
    this.clusters.push(made);
    return made;
  }

  private leafOf(words: string[]): Node {
    let node = this.childOf(this.root, String(words.length), Number.POSITIVE_INFINITY);
    for (const word of words.slice(0, this.options.depth))
      node = this.childOf(node, /\d/.test(word) ? WILDCARD : word, this.options.maxChildren);
    return node;
  }

  private childOf(node: Node, name: string, maxChildren: number): Node {
    const known = node.children.get(name);
    if (known) return known;
    if (node.children.size >= maxChildren && name !== WILDCARD)
      return this.childOf(node, WILDCARD, maxChildren);
    const made = newNode();
    node.children.set(name, made);
    return made;
  }
}

/** The template with the most words in common, at least `least` of all; of two, the more general one. */
function mostSimilar(clusters: Cluster[], words: string[], least: number): Cluster | null {
  let best: { cluster: Cluster; same: number; wildcards: number } | null = null;
  for (const cluster of clusters) {
    let same = 0;
    let wildcards = 0;
    for (const [place, word] of cluster.template.entries()) {
      if (word === WILDCARD) wildcards++;
      else if (word === words[place]) same++;
    }
    if (best === null || same > best.same || (same === best.same && wildcards > best.wildcards))
      best = { cluster, same, wildcards };
  }
  return best !== null && best.same >= least * words.length ? best.cluster : null;
}

function merge(template: string[], words: string[]): void {
  for (const [place, word] of words.entries()) if (template[place] !== word) template[place] = WILDCARD;
}
