/**
 * Texts a second of both embedders, one process, nothing cached: `npm run build && node dist/bench/embedding.js [texts]`.
 * The semantic one is measured only where its model is (`vectadb model pull`).
 */
import { readEnvironment, STACK } from '../lib/config/env.js';
import { createEmbedder, type Embedder, hashedEmbedder } from '../lib/embedding/embedder.js';

const texts = Number(process.argv[2] ?? 20_000);
const sample = Array.from(
  { length: texts },
  (_, n) =>
    `level: INFO\nmessage: Action: search_flights number ${n} with Input: {"from": "Paris", "day": ${n % 365}}\n` +
    `tool_input: {"from": "Paris", "day": ${n % 365}}\ntool_name: search_flights`,
);

async function measure(embedder: Embedder, count: number): Promise<void> {
  await embedder.embed(sample.slice(0, Math.min(200, count)));
  const started = performance.now();
  for (let at = 0; at < count; at += 1_000)
    await embedder.embed(sample.slice(at, Math.min(at + 1_000, count)));
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `${embedder.kind} ${embedder.model}: ${Math.round(count / seconds)} texts/s (${count} of ${sample[0]!.length} characters)`,
  );
  await embedder.close();
}

await measure(hashedEmbedder(0), texts);
const { MODEL_PATH } = readEnvironment({ MODEL_PATH: STACK.MODEL_PATH });
const semantic = await createEmbedder({ modelPath: MODEL_PATH, cacheEntries: 0 });
if (semantic.kind === 'semantic') await measure(semantic, Math.min(texts, 2_000));
else console.log(semantic.note);
