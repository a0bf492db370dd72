import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerAnswers } from '../../deploy/local/docker.js';
import { cacheFolder } from '../../deploy/local/home.js';
import { kafkaClassPath } from '../../deploy/local/kafka.js';
import { waitFor } from '../../deploy/local/wait.js';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { readSurreal } from '../pipeline/surreal.js';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await Pipeline.start({ processors: 3 });
});
afterAll(async () => {
  await pipeline?.stop();
});

/** Kafka's own kafka-console-producer, from the jars that the broker runs on. */
async function consoleProduce(topic: string, lines: string[], codec: string): Promise<void> {
  const child = spawn(
    'java',
    [
      '-Xmx256m',
      '-cp',
      kafkaClassPath(cacheFolder()),
      'org.apache.kafka.tools.ConsoleProducer',
      '--bootstrap-server',
      pipeline.stack.brokers[0]!,
      '--topic',
      topic,
      '--compression-codec',
      codec,
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  child.stdin.end(`${lines.join('\n')}\n`);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the console producer exited with ${code}: ${errors}`);
}

const inDocker = await dockerAnswers();

describe('lines from a producer that knows nothing of VectaDB', () => {
  it.skipIf(inDocker).each(['none', 'lz4'])(
    'end in the trace of the id that they carry, without any key, compressed with %s, shared among three processors',
    async (codec) => {
      const sessions = Array.from({ length: 5 }, (_, n) => `piped-${codec}-${n}`);
      const lines = sessions.flatMap((session) => [
        `INFO session_id=${session} Tool: web_search Input: {"query": "berths in Lisbon"}`,
        JSON.stringify({ message: 'looking it up', session_id: session, level: 'info' }),
        `request_id: ${session} Retrieved 3 documents`,
      ]);
      await consoleProduce('raw-logs', lines, codec);
      const stored = async () =>
        (await readSurreal(pipeline.stack)).rows.filter(({ properties }) =>
          String(properties.message).includes(`piped-${codec}-`),
        );
      await waitFor('the piped lines stored', async () => (await stored()).length >= lines.length, {
        limitMs: 60_000,
      });
      const rows = await stored();
      expect(rows).toHaveLength(lines.length);
      for (const session of sessions) {
        const traces = new Set(
          rows
            .filter(({ properties }) => String(properties.message).includes(session))
            .map(({ trace_id }) => trace_id),
        );
        expect([...traces]).toEqual([uuidOf(groupKeys.session(session))]);
      }
      const owned = await Promise.all(
        [0, 1, 2].map(async (n) => {
          const health = await fetch(`${pipeline.service(`processor-${n}`).service.url}/health`);
          const { details } = (await health.json()) as {
            details: { stages: { stage: string; partitions: unknown[] }[] };
          };
          return details.stages.map(({ partitions }) => partitions.length);
        }),
      );
      expect(owned).toEqual([
        [2, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ]);
    },
  );
});
