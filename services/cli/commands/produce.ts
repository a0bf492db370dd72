import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { withAdmin } from '../../../lib/kafka/admin.js';
import { createProducer } from '../../../lib/kafka/producer.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import { kafkaContext, runCommand, writeLine } from '../kafka-command.js';
import { splitLines } from '../lines.js';

const BATCH_LINES = 2_000;
const BATCH_BYTES = 512 * 1024;
/** What a record and its batch need beside key and value: an upper bound, so that a line is refused before it is sent. */
const RECORD_OVERHEAD_BYTES = 256;
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/** `vectadb produce TOPIC`: the lines of a file or of standard input, one record a line, bytes as they are. */
export function register(program: Command): void {
  program
    .command('produce')
    .description('send the lines of a file, or of standard input, to a topic: one record a line, as it is')
    .argument('<topic>', 'for log lines: raw-logs')
    .option('-f, --file <file>', 'file to read; - or left out: standard input')
    .option('-k, --key <key>', 'key of every record: lines of one key are one stream, and stay in order')
    .option('--json', 'for scripts')
    .action((topic: string, options: { file?: string; key?: string; json?: boolean }) =>
      runCommand(async () => {
        const { kafka } = kafkaContext();
        const maxBytes = await maxMessageBytes(kafka, topic);
        const fromStdin = options.file === undefined || options.file === '-';
        // opened before anything is sent: a missing file is an error of the command, not of a stream
        const input = fromStdin ? process.stdin : (await open(options.file!)).createReadStream();
        const producer = await createProducer(kafka, 0);
        const started = performance.now();
        const sent = { records: 0, bytes: 0 };
        try {
          for await (const batch of batches(input, maxBytes)) {
            await producer.send(
              topic,
              batch.map((value) => ({ key: options.key ?? null, value })),
            );
            sent.records += batch.length;
            sent.bytes += batch.reduce((sum, line) => sum + line.length, 0);
          }
        } catch (error) {
          throw new Error(
            `${error instanceof Error ? error.message : String(error)} (${sent.records} records are stored in ${topic})`,
          );
        } finally {
          await producer.close();
        }
        const seconds = (performance.now() - started) / 1_000;
        await writeLine(
          options.json
            ? JSON.stringify({ topic, ...sent, seconds })
            : `${sent.records} records, ${sent.bytes} bytes to ${topic} in ${seconds.toFixed(2)} s`,
        );
        return 0;
      }),
    );
}

async function maxMessageBytes(kafka: KafkaSettings, topic: string): Promise<number> {
  const found = (await withAdmin(kafka, (admin) => admin.describeTopics())).get(topic);
  if (!found) throw new Error(`topic ${topic} does not exist: see \`vectadb topics list\``);
  return Number(found.overrides['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES);
}

async function* batches(input: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  for await (const line of splitLines(input)) {
    number++;
    if (line.length + RECORD_OVERHEAD_BYTES > maxBytes) {
      if (batch.length > 0) yield batch;
      throw new Error(`line ${number} has ${line.length} bytes, the topic takes ${maxBytes}`);
    }
    if (batch.length >= BATCH_LINES || (batch.length > 0 && bytes + line.length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.length;
  }
  if (batch.length > 0) yield batch;
}
