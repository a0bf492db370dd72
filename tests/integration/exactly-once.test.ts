import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { random } from '../random.js';
import { CountingRun, faultsOf } from '../runner/counting-harness.js';

let stack: TestStack;
let run: CountingRun;

beforeEach(async () => {
  stack = await startStack({ kafka: true });
  run = new CountingRun(stack, 3);
  await run.createTopics();
});
afterEach(async () => {
  await stack.stop();
});

const KEYS = 50;

/** Waits until the output holds every id, and once more for anything that comes too often. */
async function settled(count: number, limitMs = 60_000) {
  let counted = await run.readCounted();
  await waitFor(
    `${count} items counted`,
    async () => {
      counted = await run.readCounted();
      return new Set(counted.map(({ id }) => id)).size >= count;
    },
    { limitMs },
  );
  return counted;
}

describe('the exactly-once runner', () => {
  it('counts every item once when workers are killed at random moments', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const next = random(seed);
    const rounds = 6;
    const perRound = 4_000;
    for (let round = 0; round < rounds; round++) {
      const worker = await run.startWorker('a');
      const producing = run.produce(perRound, KEYS, round * perRound);
      // dies with this round's work under way, on top of the state of the rounds before
      const enough = round * perRound + Math.floor(next() * perRound);
      await waitFor(`${enough} items counted`, async () => (await run.readCounted()).length >= enough, {
        limitMs: 60_000,
      });
      await worker.stop(0);
      await producing;
    }
    const last = await run.startWorker('a');
    await settled(rounds * perRound);
    await last.stop(10_000);
    expect({ seed, faults: faultsOf(await run.readCounted(), rounds * perRound, KEYS) }).toEqual({
      seed,
      faults: [],
    });
  });

  it('shares the partitions among three workers and fences one that was stopped longer than its session', async () => {
    const count = 20_000;
    const workers = await Promise.all(['a', 'b', 'c'].map((slot) => run.startWorker(slot)));
    await run.produce(count / 2, KEYS);
    await settled(count / 2);
    workers[0]!.signal('SIGSTOP');
    await run.produce(count / 2, KEYS, count / 2);
    await settled(count);
    workers[0]!.signal('SIGCONT');
    await run.produce(1_000, KEYS, count);
    await settled(count + 1_000);
    expect(faultsOf(await run.readCounted(), count + 1_000, KEYS)).toEqual([]);
    for (const worker of workers) expect((await worker.stop(10_000)).code).toBe(0);
  });

  // sends and commits of the three fences count too, so the numbers strike in the middle of the counting
  it.each([
    'after-send:5',
    'after-offsets:2',
    'before-commit:6',
    'after-commit:5',
    'after-fence:2',
    'mid-restore:2',
  ])(
    'loses and doubles nothing when a process that took over from a killed one dies at %s',
    async (faultPoint) => {
      const first = await run.startWorker('a');
      await run.produce(2_000, KEYS);
      await settled(2_000);
      await first.stop(0);
      const second = await run.startWorker('a', { FAULT_POINT: faultPoint });
      for (let from = 2_000; from < 5_000; from += 500) await run.produce(500, KEYS, from);
      expect((await second.exited).signal).toBe('SIGKILL');
      const third = await run.startWorker('a');
      await run.produce(1_000, KEYS, 5_000);
      await settled(6_000);
      await third.stop(10_000);
      expect(faultsOf(await run.readCounted(), 6_000, KEYS)).toEqual([]);
    },
  );

  it('sends what cannot be decoded and what the processor fails on to dead-letter, once, and goes on', async () => {
    await run.produce(500, KEYS);
    await run.produceRaw('key-1', 'no json');
    await run.produceRaw('key-2', JSON.stringify({ key: 'key-2', id: -1 }));
    await run.produce(500, KEYS, 500);
    const worker = await run.startWorker('a');
    await settled(1_000);
    await worker.stop(10_000);
    expect(faultsOf(await run.readCounted(), 1_000, KEYS)).toEqual([]);
    const dead = await run.readAll('dead-letter');
    const described = dead.map(({ value, headers }) => ({
      value: value!.toString(),
      cause: headers['__connect.errors.exception.class.name']!.toString(),
      topic: headers['__connect.errors.topic']!.toString(),
    }));
    expect(described.sort((a, b) => (a.cause < b.cause ? -1 : 1))).toEqual([
      { value: 'no json', cause: 'INVALID_EVENT', topic: 'count-in' },
      { value: '{"key":"key-2","id":-1}', cause: 'PROCESSING', topic: 'count-in' },
    ]);
  });
});
