import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../config/root.js';
import { createEmbedder, type Embedder, hashedEmbedder } from './embedder.js';
import { HASHED_MODEL, hashEmbed } from './hashing.js';
import { writeTinyModel } from './testing/tiny-model.js';

const MODEL = 'Test/tiny';
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-models-'));
  writeTinyModel(folder, MODEL);
  const root = projectRoot();
  await build({
    entryPoints: [join(root, 'lib/embedding/model-child.ts')],
    outfile: join(root, 'dist/lib/embedding/model-child.js'),
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cosine = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

describe('an embedder with a model in its folder', () => {
  let embedder: Embedder;
  beforeAll(async () => {
    embedder = await createEmbedder({ modelPath: folder, modelName: MODEL });
  });
  afterAll(() => embedder.close());

  it('says that it is semantic, and the name of its model', () => {
    expect(embedder).toMatchObject({ kind: 'semantic', model: MODEL, dimensions: 384, note: null });
  });

  it('gives vectors of length 1, nearer for texts that share words', async () => {
    const [a, b, c] = await embedder.embed([
      'database connection timeout',
      'the database connection failed',
      'weather search tool',
    ]);
    expect(Math.hypot(...a!)).toBeCloseTo(1, 4);
    expect(cosine(a!, b!)).toBeGreaterThan(cosine(a!, c!));
  });

  it('gives a text the same vector whatever texts are computed beside it', async () => {
    const fresh = await createEmbedder({ modelPath: folder, modelName: MODEL, cacheEntries: 0 });
    const [alone] = await fresh.embed(['tool failed']);
    const [beside] = await fresh.embed(['tool failed', 'a much longer text about the weather search tool']);
    await fresh.close();
    expect(cosine(alone!, beside!)).toBeCloseTo(1, 4);
  });

  it('keeps the order of the texts over several calls into the model', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `event number ${index}`);
    const together = await embedder.embed(texts);
    const last = await embedder.embed([texts[49]!]);
    expect(together[49]).toEqual(last[0]);
  });

  it('gives each text its own vector, whatever the lengths of those beside it', async () => {
    const fresh = await createEmbedder({ modelPath: folder, modelName: MODEL, cacheEntries: 0 });
    const texts = Array.from(
      { length: 150 },
      (_, index) => 'tool failed '.repeat(1 + ((index * 37) % 23)) + index,
    );
    const together = await fresh.embed(texts);
    for (const at of [0, 63, 64, 101, 149]) {
      const [alone] = await fresh.embed([texts[at]!]);
      expect(cosine(together[at]!, alone!)).toBeCloseTo(1, 4);
    }
    await fresh.close();
  });

  it('ends soon when it is told to, and goes on where it ended', async () => {
    const fresh = await createEmbedder({ modelPath: folder, modelName: MODEL });
    const texts = Array.from({ length: 640 }, (_, index) => `event number ${index}`);
    const abort = new AbortController();
    const ended = fresh.embed(texts, abort.signal);
    abort.abort(new Error('the partition is lost'));
    await expect(ended).rejects.toThrow('the partition is lost');
    const { embedded } = fresh.stats;
    expect(embedded).toBeLessThan(640);
    expect(embedded).toBeGreaterThan(0);
    expect(await fresh.embed(texts)).toHaveLength(640);
    expect(fresh.stats).toEqual({ embedded: 640, cacheHits: embedded });
    await fresh.close();
  });

  it('reads a text as its model was trained: BGE in the first token, others in the mean of all', async () => {
    writeTinyModel(folder, 'Test/bge-tiny');
    const bge = await createEmbedder({ modelPath: folder, modelName: 'Test/bge-tiny', cacheEntries: 0 });
    const [first] = await bge.embed(['database timeout']);
    const [mean] = await embedder.embed(['database timeout']);
    expect(cosine(first!, mean!)).toBeLessThan(0.99);
    await bge.close();
  });

  it('answers again after its process was lost', async () => {
    const fresh = await createEmbedder({ modelPath: folder, modelName: MODEL, cacheEntries: 0 });
    await fresh.close();
    expect(await fresh.embed(['tool failed'])).toHaveLength(1);
    await fresh.close();
  });
});

describe('an embedder without a model', () => {
  it('hashes words, says so, and names the command that fetches a model', async () => {
    const embedder = await createEmbedder({ modelPath: folder, modelName: 'Test/absent' });
    expect(embedder).toMatchObject({ kind: 'lexical (hashed)', model: HASHED_MODEL });
    expect(embedder.note).toContain('vectadb model pull');
    expect(await embedder.embed(['a b'])).toEqual([hashEmbed('a b')]);
  });

  it('takes an incomplete folder for no model', async () => {
    writeTinyModel(folder, 'Test/partial');
    rmSync(join(folder, 'Test/partial/onnx/model_quantized.onnx'));
    const embedder = await createEmbedder({ modelPath: folder, modelName: 'Test/partial' });
    expect(embedder.note).toContain('missing: onnx/model_quantized.onnx');
  });
});

describe('a model that is damaged', () => {
  it('is an error that says what to do, never a silent change to another model', async () => {
    writeTinyModel(folder, 'Test/broken');
    writeFileSync(join(folder, 'Test/broken/onnx/model_quantized.onnx'), 'not a model');
    await expect(createEmbedder({ modelPath: folder, modelName: 'Test/broken' })).rejects.toThrow(
      /Test\/broken .* cannot be loaded .*vectadb model pull --force/,
    );
  });

  it.each(['../outside', 'a/b/c', '', 'a/..'])(
    'a name that could leave the folder is refused: %j',
    async (name) => {
      await expect(createEmbedder({ modelPath: folder, modelName: name })).rejects.toThrow(
        'no name of a model',
      );
    },
  );
});

describe('the memory of vectors', () => {
  it('computes a text once, within a call and between calls', async () => {
    const embedder = hashedEmbedder(10);
    const [a, b] = await embedder.embed(['same', 'same', 'other']);
    await embedder.embed(['same']);
    expect(a).toEqual(b);
    expect(embedder.stats).toEqual({ embedded: 2, cacheHits: 2 });
  });

  it('is bounded: what has not been asked for lately is computed again', async () => {
    const embedder = hashedEmbedder(2);
    await embedder.embed(['one', 'two', 'three']);
    await embedder.embed(['one']);
    expect(embedder.stats).toEqual({ embedded: 4, cacheHits: 0 });
  });

  it('lets other work run while many texts are hashed', async () => {
    const embedder = hashedEmbedder(0);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await embedder.embed(Array.from({ length: 2_000 }, (_, index) => `event number ${index} of a long list`));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
