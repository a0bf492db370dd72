import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { readEnvironment, STACK } from '../lib/config/env.js';
import { createEmbedder, type Embedder, hashedEmbedder } from '../lib/embedding/embedder.js';
import { ModelProcess } from '../lib/embedding/semantic.js';
import { embeddingText } from '../lib/embedding/text.js';
import { median } from '../lib/testing/median.js';
import { writeBertModel } from './bert-model.js';
import { cpuMs, storedEvent } from './stored-events.js';

/**
 * Texts a second of each embedder, nothing cached:
 *
 *     npm run build && node --enable-source-maps dist/bench/embedding.js [texts]
 *
 * Models of the real shapes with random weights stand for the real ones, which nothing here downloads: they take the same time
 * and memory. Where a real model was pulled, it is measured, too. Median of 3 rounds of batches of 1,000, as the sink makes them.
 */
const TEXTS = Number(process.argv[2] ?? 2_000);
const ROUNDS = 3;
const SINK_BATCH = 1_000;

const texts = Array.from({ length: TEXTS }, (_, n) => {
  const event = storedEvent(n, Math.floor(n / 50));
  // most events say a line, some a page: that decides what padding costs
  const page = n % 25 === 0 ? ` ${'and the berth is booked for two persons'.repeat(12)}` : '';
  const properties = JSON.parse(event.properties) as Record<string, unknown>;
  return embeddingText({
    ...event,
    properties: JSON.stringify({ ...properties, message: `${properties.message}${page}` }),
  });
});
const words = [...new Set(texts.join(' ').match(/[a-z]+\d*/gi))];

/** Processes that this one has started and that run. */
function children(): number[] {
  const list = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}
const usedCpuMs = () => [process.pid, ...children()].reduce((sum, pid) => sum + cpuMs(pid), 0);
const residentMb = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;

const table = new Table({
  head: ['embedder', 'texts/s', 'CPU ms a text', 'MB of its process'],
  colAligns: ['left', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});

async function measure(
  name: string,
  embedder: Pick<Embedder, 'close'> & { embed(texts: string[]): Promise<number[][]> },
  count: number,
): Promise<void> {
  await embedder.embed(texts.slice(0, 32));
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    const before = usedCpuMs();
    for (let at = 0; at < count; at += SINK_BATCH)
      await embedder.embed(texts.slice(at, Math.min(at + SINK_BATCH, count)));
    rates.push(count / ((performance.now() - started) / 1_000));
    costs.push((usedCpuMs() - before) / count);
  }
  const [child] = children();
  const row = [
    name,
    Math.round(median(rates)),
    median(costs).toFixed(2),
    child === undefined ? 'none of its own' : Math.round(residentMb(child)),
  ];
  table.push(row);
  console.error(row.join(' | '));
  await embedder.close();
}

const folder = mkdtempSync(join(tmpdir(), 'vectadb-bench-models-'));
try {
  await measure('hashed words', hashedEmbedder(0), TEXTS);
  for (const [name, layers, quantised] of [
    ['all-MiniLM-L6-v2, quantised', 6, true],
    ['all-MiniLM-L6-v2, 32-bit', 6, false],
    ['bge-small-en-v1.5, quantised', 12, true],
  ] as const) {
    const modelName = `shape/${layers}-${quantised ? 'int8' : 'fp32'}`;
    writeBertModel(folder, modelName, { layers, quantised, words });
    const embedder = await createEmbedder({ modelPath: folder, modelName, cacheEntries: 0 });
    await measure(`shape of ${name}`, embedder, Math.min(TEXTS, SINK_BATCH));
    if (layers !== 6 || !quantised) continue;
    const asTheyCome = new ModelProcess(folder, modelName, 'mean');
    await measure(`the same, not ordered by length`, asTheyCome, Math.min(TEXTS, SINK_BATCH));
  }
  const { MODEL_PATH } = readEnvironment({ MODEL_PATH: STACK.MODEL_PATH });
  const real = await createEmbedder({ modelPath: MODEL_PATH, cacheEntries: 0 });
  if (real.kind === 'semantic') await measure(real.model, real, Math.min(TEXTS, SINK_BATCH));
  const lengths = texts.map(({ length }) => length);
  console.log(`${TEXTS} texts of ${median(lengths)} characters (median), at most ${Math.max(...lengths)}`);
  console.log(table.toString());
} finally {
  rmSync(folder, { recursive: true });
}
