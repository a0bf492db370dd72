import { createInterface } from 'node:readline/promises';
import { UserError } from '../../deploy/local/stack.js';
import { type Letter, nameOf } from '../../lib/dead-letters/letter.js';
import { MergedTraces } from '../../lib/dead-letters/merged-traces.js';
import { isEncoding, recode } from '../../lib/dead-letters/recode.js';
import { type Redriven, redrive } from '../../lib/dead-letters/redrive.js';
import { type WayBack, wayBack } from '../../lib/dead-letters/way-back.js';
import { withAdmin } from '../../lib/kafka/admin.js';
import type { ClusterClient } from '../../lib/kafka/cluster.js';
import { faultPointAt, noFaultPoint } from '../../lib/kafka/exactly-once/fault-point.js';
import { readToEnd } from '../../lib/kafka/partition-reader.js';
import { readEpochRecords } from '../../lib/kafka/topics/epochs.js';
import type { Codec } from '../../lib/model/codec.js';
import type { AgentTrace } from '../../lib/model/events.js';
import { type FilterOptions, filterOf, readPosition, withLetters } from './dead-letter-command.js';
import { type KafkaContext, table, wholeNumber, writeLine } from './kafka-command.js';

export interface RedriveOptions extends FilterOptions {
  all?: boolean;
  again?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  encoding?: string;
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
const READ_STALL_MS = 30_000;

/** `vectadb dlq redrive`. Returns the exit code. */
export async function redriveLetters(names: string[], options: RedriveOptions): Promise<number> {
  const filter = filterOf(options);
  for (const name of names) readPosition(name);
  if (names.length > 0) filter.names = new Set(names);
  const limit =
    options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit);
  if (!options.all && Object.values(filter).every((value) => value === undefined))
    throw new UserError('name letters, or select them by --cause, --since, …; --all takes every open one');
  const { encoding, again = false } = options;
  if (encoding !== undefined && !isEncoding(encoding))
    throw new UserError(`--encoding is '${encoding}', which is no encoding that is known`);
  return withLetters(async ({ letters, context, cluster }) => {
    const back = await backInto(context, cluster, encoding);
    const plan = new Outcomes();
    let selected = 0;
    await letters.forEach(filter, async ({ letter, trail }) => {
      if (trail !== null && !again) plan.add(letter, 'already redriven', null);
      else {
        const way = await back(letter, trail !== null);
        if (way.ok) {
          plan.add(letter, 'to be sent', way.record.topic);
          selected++;
        } else plan.add(letter, `impossible: ${way.reason}`, null);
      }
      return selected < limit;
    });
    if (options.dryRun || selected === 0) {
      await plan.print(options.json, 'No dead letters are selected.');
      return 0;
    }
    if (!options.yes && !(await isConfirmed(selected, plan))) return 1;
    const done = new Outcomes();
    await redrive({
      kafka: context.kafka,
      cluster,
      filter,
      again,
      limit,
      wayBack: back,
      onDone: (one) => done.take(one),
      faultPoint: process.env.FAULT_POINT
        ? faultPointAt(process.env.FAULT_POINT, () => process.kill(process.pid, 'SIGKILL'))
        : noFaultPoint,
    });
    await done.print(options.json, 'Nothing was left to send.');
    return 0;
  });
}

/** What happens to letters, counted. */
class Outcomes {
  private readonly rows = new Map<
    string,
    { stage: string; cause: string; outcome: string; to: string | null; letters: number; example: string }
  >();

  add(letter: Letter, outcome: string, to: string | null): void {
    const { stage, cause } = letter;
    const name = JSON.stringify([stage, cause, outcome, to]);
    const row = this.rows.get(name) ?? { stage, cause, outcome, to, letters: 0, example: nameOf(letter) };
    row.letters++;
    this.rows.set(name, row);
  }

  take(done: Redriven): void {
    const { letter, result } = done;
    if (result === 'impossible') this.add(letter, `impossible: ${done.reason}`, null);
    else this.add(letter, result, result === 'sent' ? done.to!.topic : null);
  }

  async print(json: boolean | undefined, nothing: string): Promise<void> {
    await writeLine(json ? JSON.stringify([...this.rows.values()]) : this.render(nothing));
  }

  render(nothing: string): string {
    if (this.rows.size === 0) return nothing;
    const rows = [...this.rows.values()].map((row) => [
      row.letters,
      row.stage,
      row.cause,
      row.outcome,
      row.to ?? '-',
      row.example,
    ]);
    return table(['letters', 'stage', 'cause', 'outcome', 'to', 'first'], rows, [0]);
  }
}

async function isConfirmed(selected: number, plan: Outcomes): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError('nobody can be asked here: --yes sends, --dry-run only shows');
  process.stderr.write(`${plan.render('')}\n`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`Send ${selected} letters? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

/** {@link wayBack} with what it has to know: topics, epochs, and what a sink's letters need besides. */
async function backInto(
  { kafka, registry, codec }: KafkaContext,
  cluster: ClusterClient,
  encoding: string | undefined,
): Promise<(letter: Letter, again: boolean) => Promise<WayBack>> {
  const topics = await withAdmin(kafka, (admin) => admin.describeTopics());
  const epochs = await readEpochRecords(kafka);
  const decodable = async (value: Buffer | null) => {
    const unknown = codec.unknownId(value);
    if (unknown !== undefined) await registry.learn(unknown);
  };
  let merged: MergedTraces | null = null;
  const options = {
    codec,
    epochs,
    partitionsOf: (topic: string) => topics.get(topic)?.partitions,
    maxBytesOf: (topic: string) =>
      Number(topics.get(topic)?.overrides['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES),
    rootOf: (traceId: string) => merged?.rootOf(traceId) ?? traceId,
  };
  return async (letter, again) => {
    const readable = encoding === undefined ? letter : recode(letter, encoding);
    if (typeof readable === 'string') return { ok: false, reason: readable };
    // only what a sink refused is read on its way: whatever else comes back needs no registry
    if (letter.from?.topic === 'agent-events') {
      if (merged === null) {
        await registry.resolveIds();
        merged = await readMergedTraces(cluster, codec, decodable);
      }
      await decodable(letter.value);
    }
    return wayBack(readable, options, again);
  };
}

async function readMergedTraces(
  cluster: ClusterClient,
  codec: Codec,
  decodable: (value: Buffer | null) => Promise<void>,
): Promise<MergedTraces> {
  const merged = new MergedTraces();
  await readToEnd(cluster, 'agent-traces', READ_STALL_MS, async (records) => {
    for (const { value } of records) {
      await decodable(value);
      const read = value === null ? null : codec.decode<AgentTrace>(value, ['agent-trace']);
      if (read?.ok) merged.see(read.value.value);
    }
  });
  return merged;
}
