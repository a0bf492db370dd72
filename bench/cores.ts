// CPU of each stage's core, without Kafka: npm run -s build && node dist/bench/cores.js [LINES]

import Table from 'cli-table3';
import { defaultAppConfig } from '../lib/config/app-config.js';
import { maskerOf } from '../lib/config/masking-file.js';
import { loadSchemas } from '../lib/config/schemas.js';
import { Codec } from '../lib/model/codec.js';
import { Task } from '../lib/topology/task.js';
import type { EncodedRecord } from '../lib/topology/topology.js';
import { loadRules } from '../services/processor/adapters/rule-files.js';
import { buildTopology } from '../services/processor/core/topology.js';
import { agentLine } from './agent-line.js';

const LINES = Number(process.argv[2] ?? 50_000);
const TRANSACTION_VALUES = 2_000;
const START_MS = 1_767_800_000_000;

const config = defaultAppConfig();
const topology = buildTopology({
  codec: Codec.local(loadSchemas()),
  config,
  rules: loadRules(config),
  masker: maskerOf(config.masking),
  epochs: new Map([['raw-logs', 'bench']]),
  generation: 1,
});

let input: EncodedRecord[] = Array.from({ length: LINES }, (_, n) => {
  const { key, value } = agentLine(n);
  return record('raw-logs', n, Buffer.from(key), value);
});

function record(topic: string, offset: number, key: Buffer | null, value: Buffer | null): EncodedRecord {
  return { topic, partition: 0, offset, timestampMs: START_MS + offset, key, value, headers: {} };
}

const table = new Table({
  head: ['stage', 'µs of CPU a line', 'output B a line', 'changelog B a line', 'changelog entries a line'],
  style: { head: [], border: [], compact: true },
});
for (const sub of topology.subTopologies) {
  const task = new Task(sub, 0, () => 1);
  const outputs: EncodedRecord[] = [];
  let outputBytes = 0;
  let changelogBytes = 0;
  let changelogEntries = 0;
  const commit = () => {
    const transaction = task.takeTransaction();
    for (const { value } of transaction.changelog) changelogBytes += value?.length ?? 0;
    changelogEntries += transaction.changelog.length;
    for (const { topic, key, value } of transaction.outputs) {
      outputBytes += value?.length ?? 0;
      outputs.push(record(topic, outputs.length, key, value));
    }
  };
  const before = process.cpuUsage();
  for (const each of input) {
    task.process(each);
    if (task.pending.values >= TRANSACTION_VALUES) commit();
  }
  task.advanceTime(START_MS * 2);
  commit();
  const { user, system } = process.cpuUsage(before);
  const perLine = (value: number, digits = 0) => (value / LINES).toFixed(digits);
  table.push([
    sub.name,
    perLine(user + system, 1),
    perLine(outputBytes),
    perLine(changelogBytes),
    perLine(changelogEntries, 2),
  ]);
  const next = topology.subTopologies[topology.subTopologies.indexOf(sub) + 1];
  input = outputs.filter(({ topic }) => topic === next?.source);
}
console.log(table.toString());
