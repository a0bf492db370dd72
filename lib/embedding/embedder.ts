import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { DIMENSIONS, HASHED_MODEL, hashEmbed } from './hashing.js';
import { DEFAULT_MODEL, missingFiles, modelFolder, modelsFolder } from './model-files.js';
import { ModelError, ModelProcess } from './semantic.js';

export type EmbedderKind = 'semantic' | 'lexical (hashed)';

/** Texts to vectors of {@link DIMENSIONS} numbers, length 1. Vectors of two models must never meet: see `model`. */
export interface Embedder {
  readonly kind: EmbedderKind;
  /** Name of what makes the vectors; the Qdrant collection is named after it. */
  readonly model: string;
  readonly dimensions: number;
  /** Why there is no model, for the log and the status page; null with a model. */
  readonly note: string | null;
  readonly stats: { embedded: number; cacheHits: number };
  /**
   * One vector per text, in order. Lets other work run between chunks; what was computed before it failed or `signal`
   * aborted is remembered. @throws ModelError when the model fails, the signal's reason when it aborts.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
  /** The vector to search with: as `embed`, with the instruction that a semantic model was trained on. */
  embedQuery(text: string): Promise<number[]>;
  close(): Promise<void>;
}

export interface EmbedderOptions {
  /** Folder of models (MODEL_PATH), below the installation unless absolute. */
  modelPath: string;
  modelName?: string;
  /** Vectors remembered by text; 3 KB each. 0: none. */
  cacheEntries?: number;
}

/** Texts hashed between two turns of the event loop: about 1 ms. */
const HASHED_CHUNK = 32;
/** Texts between two looks at the signal, and remembered together: some seconds of a model at most. */
const MODEL_SLICE = 64;
/** https://huggingface.co/BAAI/bge-small-en-v1.5: for short queries against longer passages. */
const BGE_INSTRUCTION = 'Represent this sentence for searching relevant passages: ';
const MAX_TEXT_CHARACTERS = 16_384;

/**
 * The model in `<modelPath>/<modelName>`, or feature hashing where that folder has no complete model. Downloads nothing.
 * @throws ModelError when a model is there but cannot be loaded, or has other dimensions.
 */
export async function createEmbedder(options: EmbedderOptions): Promise<Embedder> {
  const name = options.modelName ?? DEFAULT_MODEL;
  const folder = modelFolder(options.modelPath, name);
  const missing = missingFiles(folder);
  if (missing.length > 0) {
    const note = `no ${name} in ${folder} (missing: ${missing.join(', ')}): run \`vectadb model pull\` for search by meaning`;
    return hashedEmbedder(options.cacheEntries, note);
  }
  const isBge = /(^|\/)bge-/.test(name);
  const process = new ModelProcess(modelsFolder(options.modelPath), name, isBge ? 'cls' : 'mean');
  await process.load();
  const [probe] = await process.embed(['dimensions']);
  if (probe?.length !== DIMENSIONS) {
    await process.close();
    throw new ModelError(`${name} gives ${probe?.length} dimensions; ${DIMENSIONS} are needed`);
  }
  return cached({
    kind: 'semantic',
    model: name,
    note: null,
    compute: (texts) => process.embed(texts),
    slice: MODEL_SLICE,
    instruction: isBge ? BGE_INSTRUCTION : '',
    close: () => process.close(),
    cacheEntries: options.cacheEntries,
  });
}

/** Feature hashing, whatever models there are. */
export function hashedEmbedder(cacheEntries?: number, note: string | null = null): Embedder {
  return cached({
    kind: 'lexical (hashed)',
    model: HASHED_MODEL,
    note,
    compute: hashInChunks,
    slice: Number.POSITIVE_INFINITY,
    instruction: '',
    close: async () => {},
    cacheEntries,
  });
}

async function hashInChunks(texts: string[]): Promise<number[][]> {
  const vectors: number[][] = [];
  for (let from = 0; from < texts.length; from += HASHED_CHUNK) {
    if (from > 0) await nextTurn();
    for (const text of texts.slice(from, from + HASHED_CHUNK)) vectors.push(hashEmbed(text));
  }
  return vectors;
}

interface Source {
  kind: EmbedderKind;
  model: string;
  note: string | null;
  instruction: string;
  compute(texts: string[]): Promise<number[][]>;
  /** Most texts of one call of {@link Source.compute}. */
  slice: number;
  close(): Promise<void>;
  cacheEntries: number | undefined;
}

/** `source` with a bounded memory of vectors by text; equal texts of one call are computed once. */
function cached(source: Source): Embedder {
  const entries = source.cacheEntries ?? 5_000;
  const cache = entries > 0 ? new LRUCache<string, number[]>({ max: entries }) : null;
  const stats = { embedded: 0, cacheHits: 0 };

  const embed = async (given: readonly string[], signal?: AbortSignal): Promise<number[][]> => {
    const keys = given.map((text) => createHash('sha1').update(text, 'utf8').digest('base64'));
    const vectors = new Map<string, number[]>();
    const todo = new Map<string, string>();
    keys.forEach((key, index) => {
      const known = vectors.get(key) ?? cache?.get(key);
      if (known) vectors.set(key, known);
      else todo.set(key, given[index]!.slice(0, MAX_TEXT_CHARACTERS));
    });
    // texts computed together are padded to the longest of them, so those of one length go together
    const ordered = [...todo].sort(([, a], [, b]) => a.length - b.length);
    for (let from = 0; from < ordered.length; from += source.slice) {
      signal?.throwIfAborted();
      const some = ordered.slice(from, from + source.slice);
      const computed = await source.compute(some.map(([, text]) => text));
      some.forEach(([key], index) => {
        vectors.set(key, computed[index]!);
        cache?.set(key, computed[index]!);
      });
      stats.embedded += some.length;
    }
    stats.cacheHits += given.length - todo.size;
    return keys.map((key) => vectors.get(key)!);
  };

  return {
    kind: source.kind,
    model: source.model,
    dimensions: DIMENSIONS,
    note: source.note,
    stats,
    embed,
    embedQuery: async (text) => (await embed([source.instruction + text]))[0]!,
    close: source.close,
  };
}
