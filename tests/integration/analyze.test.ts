import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { defaultAppConfig } from '../../lib/config/app-config.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { ClusterClient } from '../../lib/kafka/cluster.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { readTopic } from '../../lib/kafka/topic-reader.js';
import { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, GroupLink } from '../../lib/model/events.js';
import { LastRowsReader } from '../../lib/stores/last-rows.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { Analysis } from '../../services/cli/analysis.js';
import { loadRules } from '../../services/processor/adapters/rule-files.js';
import { type FinalRow, fileLines, finalRows } from '../driver/file-lines.js';
import { vectadb } from '../pipeline/pipeline.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true });
  await vectadb(stack, ['topics', 'apply']);
  const processor = await stack.spawnService('processor');
  await processor.waitReady(60_000);
});
afterAll(async () => {
  await stack?.stop();
});

/** What the stores would hold by now. */
async function liveRows(): Promise<FinalRow[]> {
  const codec = new Codec(loadSchemas());
  await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
  const reader = new LastRowsReader((event: AgentEvent) => event);
  const cluster = new ClusterClient({ brokers: stack.brokers, clientId: 'rows' });
  await cluster.connect(['agent-events']);
  try {
    for await (const records of readTopic(cluster, 'agent-events', { from: 'start', follow: false })) {
      for (const { value } of records) {
        const read = codec.decode(value!, ['agent-event', 'group-link']);
        if (!read.ok) throw new Error(read.error.message);
        if (read.value.schema === 'group-link') reader.link(read.value.value as GroupLink);
        else reader.event(read.value.value as AgentEvent);
      }
    }
  } finally {
    await cluster.disconnect();
  }
  return finalRows(reader.rows().events.values());
}

it('gives a file the rows that the running service gives the same lines', async () => {
  const file = fileLines();
  const config = defaultAppConfig();
  const analysis = new Analysis({
    codec: Codec.local(loadSchemas()),
    rules: loadRules(config),
    config,
    nowMs: Date.now(),
  });
  for (const { line } of file) analysis.take(Buffer.from(line));
  analysis.end();
  const expected = finalRows([...analysis.events.values()].map((row) => analysis.eventOf(row)));
  analysis.close();

  const producer = await createProducer({ brokers: stack.brokers, clientId: 'lines' });
  await producer.send(
    'raw-logs',
    file.map(({ line, key }) => ({ key, value: Buffer.from(line) })),
  );
  await producer.close();
  let rows: FinalRow[] = [];
  await waitFor(
    'every row to be final',
    async () => {
      rows = await liveRows();
      return isDeepStrictEqual(rows, expected);
    },
    { limitMs: 30_000 },
  ).catch(() => undefined); // the comparison below says what differs
  expect(rows).toEqual(expected);
});
