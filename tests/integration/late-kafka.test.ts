import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { vectadb } from '../pipeline/pipeline.js';

const SERVICES = ['gateway', 'processor', 'surreal-sink', 'qdrant-sink'];

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  await vectadb(stack, ['topics', 'apply']);
});
afterAll(() => stack?.stop());

it('services that start while Kafka is away wait for it and come to work, as the same processes', async () => {
  await stack.part('kafka').kill();
  const services = await Promise.all(
    SERVICES.map((name) => stack.spawnService(name, { env: { AUTH: 'off' } })),
  );
  const ended: string[] = [];
  for (const service of services)
    void service.exited.then((exit) => {
      ended.push(`${service.name} ended with ${JSON.stringify(exit)}: ${service.output().slice(-1_000)}`);
    });
  const waits = (service: TestService) =>
    waitFor(
      `${service.name} to ask again`,
      () => (service.output().match(/does not answer|cannot be reached|trying again/g) ?? []).length >= 2,
      { limitMs: 60_000 },
    );
  await Promise.all(services.map(waits));
  expect(ended).toEqual([]);
  for (const { url, name } of services) {
    const answer = await fetch(`${url}/ready`);
    expect([name, answer.status, await answer.text()]).toEqual([
      name,
      503,
      expect.stringMatching(/Kafka|kafka/),
    ]);
  }

  await stack.part('kafka').restart();
  await Promise.all(services.map((service) => service.waitReady(60_000)));
  expect(ended).toEqual([]);
  await Promise.all(services.map((service) => service.stop()));
});
