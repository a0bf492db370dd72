// Fuzzes the API by its OpenAPI document: node dist/tests/fuzz-api/main.js [--minutes N] [--seed N]
import { Command } from 'commander';
import { installParts, requireTools } from '../../deploy/local/prepare.js';
import { startFuzzedGateway } from './gateway.js';
import { fuzzApi, installSchemathesis } from './schemathesis.js';

const { minutes, seed } = new Command('fuzz-api')
  .description('requests made up from the OpenAPI document against a gateway with its whole stack')
  .option('--minutes <n>', 'for so long', Number, 10)
  .option('--seed <n>', 'the same requests again', Number, Date.now() % 1_000_000)
  .parse()
  .opts<{ minutes: number; seed: number }>();

const say = (message: string) => console.error(message);
const parts = ['kafka', 'registry', 'surreal', 'qdrant'];
requireTools(parts);
await installParts(parts, say);
await installSchemathesis(say);
const { stack, gateway, key } = await startFuzzedGateway();
try {
  console.log(`${minutes} minutes, seed ${seed}`);
  const logFile = `${stack.folder}/logs/schemathesis.txt`;
  const { code, report } = await fuzzApi(gateway.url, key, { seconds: minutes * 60, seed, logFile });
  console.log(report);
  process.exitCode = code;
} finally {
  await stack.stop();
}
