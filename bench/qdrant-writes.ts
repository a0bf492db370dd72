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
import { feed, pace } from './sink-feed.js';

const events = Number(process.argv[2] ?? 20_000);
const PARTITIONS = 2;
const GROUPS = 1_000;

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
    const bytes = values.map((value) => record(codec, 0, value).value!);
    console.log(
      await pace(what, bytes.length, 'records', () => feed(handler, 'agent-events', bytes, PARTITIONS)),
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
