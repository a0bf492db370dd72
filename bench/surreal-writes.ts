/**
 * Records a second through the handler of the SurrealDB sink (decode, fold, write rows and edges) into a SurrealDB of its
 * own: `npm run build && node dist/bench/surreal-writes.js [events]`. First emissions, then the same again (all ignored),
 * newer revisions (all replaced), links of every group (all moved), trace rows, then reads.
 */

import { Registry } from 'prom-client';
import { loadSchemas } from '../lib/config/schemas.js';
import { noErasures } from '../lib/kafka/erasures.js';
import { Codec } from '../lib/model/codec.js';
import { connectTestStore, sampleEvent, sampleLink, sampleTrace } from '../lib/stores/surreal/fixtures.js';
import { listEvents } from '../lib/stores/surreal/listings.js';
import { getTrace } from '../lib/stores/surreal/reads.js';
import { median } from '../lib/testing/median.js';
import { startStack } from '../lib/testing/stack.js';
import { createMetrics } from '../services/surreal-sink/metrics.js';
import { createHandler } from '../services/surreal-sink/sink.js';
import { feed, pace } from './sink-feed.js';

const events = Number(process.argv[2] ?? 20_000);
const PARTITIONS = Number(process.env.PARTITIONS ?? 3);
const PER_GROUP = 50;
const groups = Math.ceil(events / PER_GROUP);

const stack = await startStack({ surreal: true });
const store = await connectTestStore(stack.env);
try {
  const codec = Codec.local(loadSchemas());
  const handler = createHandler({
    erasures: noErasures,
    codec,
    store,
    metrics: createMetrics(new Registry()),
    deadLetter: async (_, cause) => {
      throw new Error(cause.message);
    },
  });

  const measure = async (what: string, values: Buffer[], topic = 'agent-events', each = 1) =>
    console.log(
      await pace(what, values.length * each, 'rows', () => feed(handler, topic, values, PARTITIONS)),
    );

  const emission = (revision: number) =>
    Array.from({ length: events }, (_, n) =>
      codec.encode(
        'agent-event',
        sampleEvent({
          event_id: `event-${n}`,
          group_id: `group-${Math.floor(n / PER_GROUP)}`,
          trace_id: `trace-${Math.floor(n / PER_GROUP)}`,
          session_id: `session-${Math.floor(n / PER_GROUP)}`,
          agent_id: `agent-${n % 7}`,
          event_type: ['tool_call', 'tool_result', 'llm_end', 'log', 'error'][n % 5],
          timestamp_ms: 1_767_800_000_000 + n * 13,
          properties: JSON.stringify({
            level: 'INFO',
            message: `Action: search_flights number ${n} with Input: {"from": "Paris", "day": ${n % 365}}`,
            tool_name: 'search_flights',
          }),
          revision,
        }),
      ),
    );
  await measure('first emissions', emission(1));
  await measure('delivered again', emission(1));
  await measure('newer revisions', emission(2));
  const links = Array.from({ length: groups }, (_, n) =>
    codec.encode(
      'group-link',
      sampleLink({
        group_id: `group-${n}`,
        trace_id: `moved-${n}`,
        previous_trace_id: `trace-${n}`,
        revision: 3,
      }),
    ),
  );
  await measure('moved by links', links, 'agent-events', PER_GROUP);
  const traces = Array.from({ length: groups }, (_, n) =>
    codec.encode('agent-trace', sampleTrace({ trace_id: `moved-${n}`, total_events: PER_GROUP })),
  );
  await measure('trace rows', traces, 'agent-traces');

  const time = async (what: string, read: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let run = 0; run < 7; run++) {
      const started = performance.now();
      await read();
      times.push(performance.now() - started);
    }
    console.log(`${what}: median ${median(times).toFixed(1)} ms`);
  };
  await time('latest 100 events', () => listEvents(store, { limit: 100 }));
  await time('latest 100 events of a type', () => listEvents(store, { event_type: 'error', limit: 100 }));
  await time('a trace of 50 events', () => getTrace(store, 'moved-1'));
} finally {
  await store.close();
  await stack.stop();
}
