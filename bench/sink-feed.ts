import type { ConsumedBatch } from '../lib/kafka/types.js';

const BATCH = 1_000;

type Handler = (batch: ConsumedBatch, signal: AbortSignal) => Promise<unknown>;

/** Feeds a sink's handler as its consumer does: batches of 1,000, as many side by side as there are partitions. */
export async function feed(
  handler: Handler,
  topic: string,
  values: readonly Buffer[],
  partitions: number,
): Promise<void> {
  let next = 0;
  const worker = async (partition: number) => {
    while (next < values.length) {
      const at = next;
      next += BATCH;
      const records = values.slice(at, at + BATCH).map((value, index) => ({
        topic,
        partition,
        offset: at + index,
        timestampMs: 0,
        key: null,
        value,
        headers: {},
      }));
      const batch = { topic, partition, records, nextOffset: at + records.length, lag: 0 };
      await handler(batch, new AbortController().signal);
    }
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => worker(partition)));
}

/** How long `work` takes for so many rows, as a line: rows a second, and microseconds of CPU of this process each. */
export async function pace(
  what: string,
  rows: number,
  unit: string,
  work: () => Promise<void>,
): Promise<string> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return `${what}: ${Math.round(rows / seconds)} ${unit}/s, ${Math.round((user + system) / rows)} µs of CPU here each`;
}
