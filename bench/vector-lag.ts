import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { connectQdrant } from '../lib/stores/qdrant/store.js';
import { countEvents } from '../lib/stores/surreal/index.js';
import { median } from '../lib/testing/median.js';
import { metricsOf } from '../tests/faults/probes.js';
import { type MintedEvent, mint } from '../tests/pipeline/oracle.js';
import { Pipeline } from '../tests/pipeline/pipeline.js';
import { surrealOf } from '../tests/pipeline/surreal.js';
import { writeBertModel } from './bert-model.js';
import { storedEvent } from './stored-events.js';

/**
 * How the vector sink keeps up with a model, and whether anything waits for it: events at a steady rate, by HTTP, through the whole
 * system, until both stores have all of them. Every text is another one, so that no vector is remembered.
 *
 *     npm run build && node --enable-source-maps dist/bench/vector-lag.js [events a second] [seconds]
 *
 * The models have the shapes of real ones and random weights: they take the same time and memory.
 */
const RATE = Number(process.argv[2] ?? 100);
const SECONDS = Number(process.argv[3] ?? 60);
const LIMIT_MS = 900_000;
const EVENTS = RATE * SECONDS;

interface Model {
  name: string;
  layers: number | null;
}
const MODELS: Model[] = [
  { name: 'hashed words', layers: null },
  { name: 'shape of all-MiniLM-L6-v2, quantised', layers: 6 },
  { name: 'shape of bge-small-en-v1.5, quantised', layers: 12 },
];

const events = mint(1, EVENTS, Math.ceil(EVENTS / 50), Date.now() - EVENTS).map((event, n): MintedEvent => {
  const { message } = JSON.parse(storedEvent(n, 0).properties) as { message: string };
  return { ...event, properties: { ...event.properties, message } };
});
const words = [
  ...new Set(
    events
      .map(({ properties }) => properties.message)
      .join(' ')
      .match(/[a-z]+\d*/gi),
  ),
];

const table = new Table({
  head: [
    'embedder',
    'in SurrealDB s after the last was sent',
    'in Qdrant s after the last was sent',
    'vectors/s',
    'lag of the vector sink when the last was sent, s',
    'waited for SurrealDB, median ms',
    'worst ms',
  ],
  colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});

async function measure({ name, layers }: Model, folder: string): Promise<void> {
  const modelName = `shape/${layers}`;
  if (layers !== null) writeBertModel(folder, modelName, { layers, quantised: true, words });
  const pipeline = await Pipeline.start({ qdrantSinks: 0 });
  const store = await surrealOf(pipeline.stack);
  try {
    const env = { MODEL_PATH: layers === null ? join(folder, 'none') : folder, EMBEDDING_MODEL: modelName };
    const sink = pipeline.add('qdrant-sink', 'qdrant-sink-0', () => env);
    await sink.waitReady(60_000);
    const vectors = connectQdrant(pipeline.stack.env.QDRANT_URL!);
    const started = performance.now();
    const waits: number[] = [];
    // a second's events each second, however long the second before took
    const sending: Promise<void>[] = [];
    for (let second = 0; second < SECONDS; second++) {
      const sent = performance.now();
      const some = events.slice(second * RATE, (second + 1) * RATE);
      sending.push(
        (async () => {
          await pipeline.sendHttp(some);
          const last = some.at(-1)!.event_id;
          while (!(await isStored(last))) await delay(20);
          waits.push(performance.now() - sent);
        })(),
      );
      await delay(Math.max(0, started + (second + 1) * 1_000 - performance.now()));
    }
    const lastSent = performance.now();
    const lag = Math.max(0, ...(await metricsOf(sink, 'vectadb_consumer_lag_seconds')));
    await Promise.all(sending);
    const all = async (what: string, count: () => Promise<number>) => {
      while ((await count()) < EVENTS) {
        if (performance.now() - lastSent > LIMIT_MS) throw new Error(`${what} does not have all events`);
        await delay(100);
      }
      return performance.now();
    };
    const surreal = await all('SurrealDB', () => countEvents(store));
    const qdrant = await all('Qdrant', () => vectors.count());
    const row = [
      name,
      ((surreal - lastSent) / 1_000).toFixed(1),
      ((qdrant - lastSent) / 1_000).toFixed(1),
      (EVENTS / ((qdrant - started) / 1_000)).toFixed(0),
      lag.toFixed(0),
      median(waits).toFixed(0),
      Math.max(...waits).toFixed(0),
    ];
    table.push(row);
    console.error(row.join(' | '));
  } finally {
    await store.close();
    await pipeline.stop();
  }

  async function isStored(eventId: string): Promise<boolean> {
    const [there] = await store.query<[boolean]>("RETURN record::exists(type::record('agent_event', $id));", {
      id: eventId,
    });
    return there;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vectadb-bench-models-'));
try {
  for (const model of MODELS) await measure(model, folder);
  console.log(`${RATE} events a second for ${SECONDS} s`);
  console.log(table.toString());
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
