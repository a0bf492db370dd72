import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf } from '../../lib/testing/cloudwatch/plan.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { vectadb } from '../pipeline/pipeline.js';
import { runPlan } from './run.js';

/** SEED=17 runs that one; SEEDS=50 the first 50, FROM=1000 those from there on. */
const { SEED, SEEDS = '5', FROM = '1' } = process.env;
const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SEEDS) }, (_, n) => Number(FROM) + n);

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, moto: true });
  await vectadb(stack, ['topics', 'apply']);
});
afterAll(() => stack?.stop());

describe('whatever CloudWatch and its pollers go through', () => {
  it.each(seeds)('every event is in raw-logs once (seed %i)', async (seed) => {
    const started = Date.now();
    const { faults, ...figures } = await runPlan(stack, planOf(seed));
    console.log(`seed ${seed}: ${JSON.stringify({ ...figures, seconds: (Date.now() - started) / 1_000 })}`);
    expect({ seed, faults }).toEqual({ seed, faults: [] });
  });
});
