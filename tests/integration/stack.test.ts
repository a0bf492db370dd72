import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true });
});
afterAll(() => stack?.stop());

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('gives a broker whose records survive SIGKILL', async () => {
  const kafka = new Kafka({ brokers: stack.brokers, clientId: 'test', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ value: 'one' }, { value: 'two' }] });
  await producer.disconnect();
  await admin.disconnect();

  await stack.part('kafka').kill();
  await stack.part('kafka').restart();

  await admin.connect();
  const [offsets] = await admin.fetchTopicOffsets('kept');
  expect(offsets?.high).toBe('2');
  await admin.disconnect();
});

it('gives a registry that speaks the Confluent API', async () => {
  const response = await fetch(`${stack.env.SCHEMA_REGISTRY_URL}/subjects`);
  expect(await response.json()).toEqual([]);
});

it('leaves no process and no folder behind when the process that started it is killed', async () => {
  const script = join(stack.folder, 'starter.mjs');
  const module = pathToFileURL(join(projectRoot(), 'dist/lib/testing/stack.js')).href;
  writeFileSync(
    script,
    `import { startStack } from ${JSON.stringify(module)};
     const stack = await startStack({ kafka: true });
     console.log(JSON.stringify({ folder: stack.folder, brokers: stack.brokers }));
     setInterval(() => {}, 1000);`,
  );
  const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) =>
    starter.stdout.once('data', (data) => resolve(String(data))),
  );
  const { folder, brokers } = JSON.parse(line) as { folder: string; brokers: string[] };
  const port = Number(brokers[0]?.split(':')[1]);
  const { brokerAnswers } = await import('../../deploy/local/kafka.js');
  expect(await brokerAnswers(port)).toBe(true);
  expect(alive(starter.pid!)).toBe(true);

  starter.kill('SIGKILL');

  await waitFor('the end of the orphaned broker', async () => !(await brokerAnswers(port)), {
    limitMs: 15_000,
  });
  await waitFor('removal of its folder', () => !existsSync(folder), { limitMs: 15_000 });
});
