import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { withAdmin } from '../../../lib/kafka/admin.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { runGroupConsumer } from '../../../lib/kafka/group-consumer.js';
import { readableBytes, renderRecord, showRecord } from '../../../lib/kafka/shown-record.js';
import { readTopic } from '../../../lib/kafka/topic-reader.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import { type KafkaContext, kafkaContext, runCommand, writeLine } from '../kafka-command.js';

interface ConsumeOptions {
  fromBeginning?: boolean;
  limit?: number;
  group?: string;
  json?: boolean;
  follow: boolean;
}

/** With a group and --no-follow: how long positions may stand still before the topic counts as read. */
const IDLE_LIMIT_MS = 5_000;
const POLL_MS = 200;

/** `vectadb consume TOPIC`: committed records only, decoded by the registry. */
export function register(program: Command): void {
  program
    .command('consume')
    .description('print the committed records of a topic, decoded')
    .argument('<topic>')
    .option('-b, --from-beginning', 'from the start of the log; left out: what arrives from now on')
    .option('-n, --limit <n>', 'end after so many records', count)
    .option(
      '-g, --group <group>',
      'as this consumer group: from where it is (a new one: from the start of the log), at least once',
    )
    .option('--no-follow', 'end where the topic ends now')
    .option('--json', 'one JSON object a line')
    .action((topic: string, options: ConsumeOptions) =>
      runCommand(async () => {
        const context = kafkaContext();
        await requireTopic(context, topic);
        const stop = new AbortController();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
        const print = async (record: EncodedRecord) => {
          const shown = await showRecord(record, context.registry);
          await writeLine(options.json ? JSON.stringify(shown, readableBytes) : renderRecord(shown));
        };
        const limit = options.limit ?? Number.POSITIVE_INFINITY;
        if (options.group === undefined) await consumeAll(context, topic, options, limit, print, stop.signal);
        else await consumeAsGroup(context, topic, options.group, options.follow, limit, print, stop.signal);
        return 0;
      }),
    );
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return number;
}

async function requireTopic({ kafka }: KafkaContext, topic: string): Promise<void> {
  const topics = await withAdmin(kafka, (admin) => admin.describeTopics());
  if (!topics.has(topic)) throw new Error(`topic ${topic} does not exist: see \`vectadb topics list\``);
}

async function consumeAll(
  context: KafkaContext,
  topic: string,
  options: ConsumeOptions,
  limit: number,
  print: (record: EncodedRecord) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const cluster = new ClusterClient(context.kafka);
  try {
    await cluster.connect([topic]);
    const from = options.fromBeginning ? 'start' : 'end';
    const reading = readTopic(cluster, topic, { from, follow: options.follow, signal });
    let printed = 0;
    for (let next = await reading.next(); ; next = await reading.next()) {
      if (next.done) {
        for (const { partition, from, until } of next.value)
          process.stderr.write(
            `${topic}/${partition}: offsets ${from} to ${until - 1} wait for an open transaction\n`,
          );
        return;
      }
      for (const record of next.value) {
        if (signal.aborted) return;
        await print(record);
        if (++printed >= limit) return;
      }
    }
  } finally {
    await cluster.disconnect();
  }
}

async function consumeAsGroup(
  context: KafkaContext,
  topic: string,
  groupId: string,
  follow: boolean,
  limit: number,
  print: (record: EncodedRecord) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ends = follow ? null : await endsOf(context, topic);
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  let printed = 0;
  // partitions are handled side by side: one record is printed at a time, so that the limit is exact
  let turn: Promise<void> = Promise.resolve();
  const printInTurn = (record: EncodedRecord): Promise<void> => {
    const mine = turn.then(async () => {
      // rejecting leaves the record uncommitted for the group's next reader
      if (printed >= limit || ended.aborted) throw new Error('enough has been read');
      await print(record);
      if (++printed >= limit) stop.abort();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const consumer = await runGroupConsumer({
    kafka: context.kafka,
    groupId,
    topics: [topic],
    logger: context.logger,
    ...(Number.isFinite(limit) ? { maxBatchRecords: 1 } : {}),
    handler: async ({ records }) => {
      for (const record of records) await printInTurn(record);
    },
  });
  try {
    await Promise.race([untilEnd(consumer, ends, ended), consumer.stopped]);
  } finally {
    await consumer.close();
  }
}

type Consumer = Awaited<ReturnType<typeof runGroupConsumer>>;

async function endsOf({ kafka }: KafkaContext, topic: string): Promise<Map<number, number>> {
  const offsets = await withAdmin(kafka, (admin) => admin.offsets(topic));
  return new Map(offsets.map(({ partition, end }) => [partition, end]));
}

/** Resolves when `signal` aborts; with `ends`, also when the owned partitions are read to there or stand still. */
function untilEnd(consumer: Consumer, ends: Map<number, number> | null, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let last = '';
    let movedAt = Date.now();
    const timer = setInterval(() => {
      if (ends === null) return;
      const { joined, partitions } = consumer.status();
      const now = JSON.stringify(partitions.map(({ partition, position }) => [partition, position]));
      if (now !== last) {
        last = now;
        movedAt = Date.now();
      }
      const read = partitions.every(({ partition, position }) => position >= (ends.get(partition) ?? 0));
      if (joined && ((partitions.length > 0 && read) || Date.now() - movedAt > IDLE_LIMIT_MS)) finish();
    }, POLL_MS);
    const finish = () => {
      clearInterval(timer);
      resolve();
    };
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish, { once: true });
  });
}
