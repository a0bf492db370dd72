/**
 * Events a second through the handler of the Qdrant sink (decode, embed by hashing, write) into a Qdrant of its own:
 * `npm run build && node dist/bench/qdrant-writes.js [events]`. First emissions, then the same again (all ignored), then
 * all of them in a newer revision (all replaced), then links of 1,000 groups.
 */

import { Registry } from 'prom-client';
import { loadSchemas } from '../lib/config/schemas.js';
import { hashedEmbedder } from '../lib/embedding/embedder.js';
import { noErasures } from '../lib/kafka/erasures.js';
import { Codec } from '../lib/model/codec.js';
import type { AgentEvent, GroupLink } from '../lib/model/events.js';
import { uuidOf } from '../lib/model/ids.js';
import { connectQdrant } from '../lib/stores/qdrant/store.js';
import { startStack } from '../lib/testing/stack.js';
import { createMetrics } from '../services/qdrant-sink/metrics.js';
import { createHandler } from '../services/qdrant-sink/sink.js';
import { agentEvent, groupLink, record } from '../services/qdrant-sink/testing/records.js';

const events = Number(process.argv[2] ?? 20_000);
const BATCH = 1_000;
const PARTITIONS = 2;
const GROUPS = 1_000;
const signal = new AbortController().signal;

const stack = await startStack({ qdrant: true });
try {
  const codec = Codec.local(loadSchemas());
  const embedder = hashedEmbedder(0);
  const store = connectQdrant(stack.env.QDRANT_URL!, { model: embedder.model });
  await store.ensureCollection(embedder.model);
  const handler = createHandler({
    erasures: noErasures,
    codec,
    store,
    embedder,
    metrics: createMetrics(new Registry(), embedder),
    deadLetter: async (_, cause) => {
      throw new Error(cause.message);
    },
  });

  const measure = async (what: string, values: (AgentEvent | GroupLink)[]) => {
    const started = performance.now();
    const cpu = process.cpuUsage();
    let next = 0;
    const worker = async () => {
      while (next < values.length) {
        const batch = values.slice(next, next + BATCH);
        next += BATCH;
        const records = batch.map((value, at) => record(codec, at, value));
        await handler({ topic: 'agent-events', partition: 0, records, nextOffset: 0, lag: 0 }, signal);
      }
    };
    await Promise.all(Array.from({ length: PARTITIONS }, worker));
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const rate = Math.round(values.length / seconds);
    console.log(
      `${what}: ${rate} records/s, ${Math.round((user + system) / values.length)} µs of CPU here each`,
    );
  };

  const emission = (revision: number) =>
    Array.from({ length: events }, (_, n) =>
      agentEvent({
        event_id: uuidOf(`bench ${n}`),
        group_id: uuidOf(`group ${n % GROUPS}`),
        event_type: 'tool_call',
        properties: JSON.stringify({
          level: 'INFO',
          message: `Action: search_flights number ${n} with Input: {"from": "Paris", "day": ${n % 365}}`,
          tool_name: 'search_flights',
        }),
        revision,
      }),
    );
  await measure('first emissions', emission(1));
  await measure('delivered again', emission(1));
  await measure('newer revisions', emission(2));
  const links = Array.from({ length: GROUPS }, (_, n) =>
    groupLink({ group_id: uuidOf(`group ${n}`), trace_id: `trace ${n}`, revision: 3 }),
  );
  await measure('links', links);
  console.log(
    `${await store.count()} points; RSS of this process ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`,
  );
} finally {
  await stack.stop();
}
process.exit(0);
