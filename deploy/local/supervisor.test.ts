import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startComponent } from './component.js';
import type { Component } from './components.js';
import { isAlive } from './pid-file.js';
import { Supervisor } from './supervisor.js';
import { waitFor } from './wait.js';

let folder: string;
let supervisor: Supervisor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-supervisor-'));
  writeFileSync(join(folder, 'trail'), '');
});
afterEach(async () => {
  await supervisor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const trail = () => readFileSync(join(folder, 'trail'), 'utf8').trim().split('\n');

/** A shell process that writes "+name" when it is up and "-name" when it is told to end. */
function shell(name: string, dependsOn: string[] = [], over: Partial<Component> = {}): Component {
  const mark = (sign: string) => `printf '%s\\n' '${sign}${name}' >> '${join(folder, 'trail')}'`;
  return {
    name,
    dependsOn,
    instances: 1,
    maxInstances: 4,
    stopLimitMs: 5_000,
    ports: () => [],
    url: () => null,
    probe: async () => ({ ready: true }),
    start: (instance, signal) =>
      startComponent(
        {
          command: '/bin/sh',
          args: [
            '-c',
            `trap '${mark('-').replaceAll("'", "'\\''")}; exit 0' TERM; ${mark('+')}; while :; do sleep 0.05; done`,
          ],
          logFile: join(folder, `${name}-${instance}.log`),
        },
        {
          what: name,
          url: name,
          check: async () => trail().includes(`+${name}`),
          limitMs: 5_000,
          signal,
        },
      ),
    ...over,
  };
}

async function supervise(...components: Component[]): Promise<void> {
  supervisor = new Supervisor(components, pino({ level: 'silent' }));
  supervisor.start();
}
const allReady = () =>
  waitFor('all ready', async () => (await supervisor.status()).every((each) => each.ready), {
    limitMs: 10_000,
  });
const of = async (name: string) => (await supervisor.status()).filter((each) => each.component === name);

it('starts a component after what it depends on, and stops it before', async () => {
  await supervise(shell('sink', ['store']), shell('store'));
  await allReady();
  await supervisor.stop();
  expect(trail()).toEqual(['+store', '+sink', '-sink', '-store']);
});

it('starts again what was killed, and leaves the others alone', async () => {
  await supervise(shell('store'), shell('sink', ['store']));
  await allReady();
  const [store] = await of('store');
  const [sink] = await of('sink');
  process.kill(sink!.pid!, 'SIGKILL');
  await waitFor('the restart', async () => (await of('sink'))[0]?.restarts === 1, { limitMs: 5_000 });
  await allReady();
  expect((await of('sink'))[0]?.pid).not.toBe(sink!.pid);
  expect((await of('store'))[0]).toMatchObject({ pid: store!.pid, restarts: 0 });
});

it('says why a component fails, and pauses longer each time', async () => {
  const starts: number[] = [];
  const start = async () => {
    starts.push(performance.now());
    throw new Error('no disk');
  };
  await supervise(shell('store', [], { start }));
  await waitFor('three starts', () => starts.length >= 3, { limitMs: 5_000 });
  expect((await of('store'))[0]).toMatchObject({ state: 'failing', ready: false, reason: 'no disk' });
  expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(240);
  expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(490);
});

it('scales up and down, and refuses what cannot be', async () => {
  await supervise(shell('sink'));
  await supervisor.scale('sink', 3);
  await allReady();
  const before = await of('sink');
  expect(before.map((each) => each.name)).toEqual(['sink', 'sink-2', 'sink-3']);
  await supervisor.scale('sink', 1);
  expect((await of('sink')).map((each) => each.pid)).toEqual([before[0]!.pid]);
  expect(isAlive(before[2]!.pid!, null)).toBe(false);
  await expect(supervisor.scale('sink', 5)).rejects.toThrow('sink can have 0 to 4 instances, not 5');
  await expect(supervisor.scale('link', 1)).rejects.toThrow('there is no component link: sink');
});

it('runs a step once, and starts nothing where the user gave an address', async () => {
  let steps = 0;
  const step = async () => {
    steps++;
    return null;
  };
  await supervise(
    shell('store', [], { external: 'ws://elsewhere/rpc' }),
    shell('topics', ['store'], { once: true, start: step }),
    shell('sink', ['topics']),
  );
  await allReady();
  expect(steps).toBe(1);
  expect((await supervisor.status()).map((each) => each.state)).toEqual(['external', 'done', 'ready']);
  expect(trail()).toEqual(['+sink']);
});

it('stops at once while a component is still starting', async () => {
  const start: Component['start'] = (_instance, signal) =>
    startComponent(
      { command: 'sleep', args: ['60'], logFile: join(folder, 'slow.log') },
      { what: 'slow', url: 'slow', check: async () => false, limitMs: 60_000, signal },
    );
  await supervise(shell('slow', [], { start }));
  await waitFor('starting', async () => (await of('slow'))[0]?.state === 'starting', { limitMs: 5_000 });
  const began = performance.now();
  await supervisor.stop();
  expect(performance.now() - began).toBeLessThan(3_000);
});
