import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Minted, mint } from '../pipeline/oracle.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { faultsOf, readHoldings, readSurreal } from '../pipeline/verify.js';
import { random } from '../random.js';

const EVENTS = Number(process.env.EVENTS ?? 8_000);
const KILLS = Number(process.env.KILLS ?? 6);

let pipeline: Pipeline | undefined;
afterEach(async () => {
  await pipeline?.stop();
  pipeline = undefined;
});

/** What is still wrong once both stores hold as much as was sent and every trace agrees with its rows, or at the limit. */
async function settle(target: Pipeline, minted: Minted, limitMs: number): Promise<string[]> {
  const limit = Date.now() + limitMs;
  for (;;) {
    const { rows } = await readSurreal(target.stack);
    const faults =
      rows.length < minted.events.length
        ? [`SurrealDB holds ${rows.length} of ${minted.events.length}`]
        : faultsOf(await readHoldings(target.stack), minted);
    if (faults.length === 0 || Date.now() > limit) return faults;
    await delay(500);
  }
}

describe('kill -9 in the middle of the work', () => {
  it.each([
    { victims: ['processor-0'], processors: 1 },
    { victims: ['surreal-sink-0', 'qdrant-sink-0'], processors: 1 },
    {
      victims: ['processor-0', 'processor-1', 'processor-2', 'surreal-sink-0', 'qdrant-sink-0', 'gateway'],
      processors: 3,
    },
  ])('of $victims leaves every event stored once in each store', async ({ victims, processors }) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const next = random(seed);
    pipeline = await Pipeline.start({ processors });
    const minted = mint(seed, EVENTS, 60, Date.now() - EVENTS);
    const half = Math.floor(EVENTS / 2);
    const sending = (async () => {
      const steps = KILLS * 2;
      for (let step = 0; step < steps; step++) {
        const part = (from: number, to: number) =>
          minted.events.slice(
            from + Math.floor((step * (to - from)) / steps),
            from + Math.floor(((step + 1) * (to - from)) / steps),
          );
        await Promise.all([pipeline!.sendHttp(part(0, half)), pipeline!.sendRaw(part(half, EVENTS))]);
      }
    })();
    const killing = (async () => {
      for (let i = 0; i < KILLS; i++) {
        const victim = pipeline!.service(victims[Math.floor(next() * victims.length)]!);
        await victim.waitReady();
        await delay(next() * 1_000);
        await victim.kill();
      }
    })();
    await Promise.all([sending, killing]);
    const faults = await settle(pipeline, minted, 120_000);
    expect({ seed, faults, unexpected: pipeline.unexpectedEnds() }).toEqual({
      seed,
      faults: [],
      unexpected: [],
    });
  });
});
