import { expect, it } from 'vitest';
import { startFuzzedGateway } from '../fuzz-api/gateway.js';
import { fuzzApi, installSchemathesis } from '../fuzz-api/schemathesis.js';

/** Longer by hand: make fuzz-api MINUTES=60. */
const SECONDS = 60;
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

it('answers whatever its OpenAPI document allows, and what it does not, as the document says', async (context) => {
  try {
    await installSchemathesis((message) => console.error(message));
  } catch (error) {
    // a machine that reaches no package index: everything else is still tested
    console.warn(`the API is not fuzzed: schemathesis cannot be installed: ${String(error)}`);
    context.skip('schemathesis cannot be installed');
  }
  const { stack, gateway, key } = await startFuzzedGateway();
  try {
    const logFile = `${stack.folder}/logs/schemathesis.txt`;
    const { code, report } = await fuzzApi(gateway.url, key, { seconds: SECONDS, seed: SEED, logFile });
    expect(code, `SEED=${SEED}\n${report}\n${gateway.output()}`).toBe(0);
    const cases = Number(/(\d+) generated/.exec(report)?.[1]);
    expect(cases, report).toBeGreaterThan(100);
  } finally {
    await stack.stop();
  }
}, 900_000);
