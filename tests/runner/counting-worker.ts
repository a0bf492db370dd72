// One instance of the counting topology as a process of its own, to be killed: node dist/tests/runner/counting-worker.js

import { loadSchemas } from '../../lib/config/schemas.js';
import { faultPointAt, noFaultPoint } from '../../lib/kafka/exactly-once/fault-point.js';
import { ExactlyOnceRunner } from '../../lib/kafka/exactly-once/runner.js';
import { StreamWork } from '../../lib/kafka/exactly-once/stream-work.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { countingTopology } from './counting-topology.js';

const { KAFKA_BROKERS, MEMBER_FILE, FAULT_POINT } = process.env;
const runner = new ExactlyOnceRunner({
  kafka: { brokers: KAFKA_BROKERS!.split(','), clientId: 'counting-worker' },
  work: new StreamWork({
    sub: countingTopology,
    codec: Codec.local(loadSchemas()),
    learnSchema: async () => {},
  }),
  logger: createLogger('counting-worker', process.env.LOG_LEVEL ?? 'info'),
  memberFile: MEMBER_FILE ?? null,
  faultPoint: FAULT_POINT
    ? faultPointAt(FAULT_POINT, () => process.kill(process.pid, 'SIGKILL'))
    : noFaultPoint,
});
runner.failed.catch((error) => {
  console.error(error);
  process.exit(1);
});
process.once('SIGTERM', () => {
  runner.close().then(() => process.exit(0));
});
await runner.start();
