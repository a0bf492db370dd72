import { ClusterClient } from '../../lib/kafka/cluster.js';
import { readToEnd } from '../../lib/kafka/partition-reader.js';
import type { KafkaSettings } from '../../lib/kafka/types.js';
import type { Masker } from '../../lib/model/masking/masker.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import { withinLimit } from '../../lib/time/limit.js';
import type { GroupDirectory } from './adapters/directory.js';
import { type Delivery, GroupReader, type ReaderContext } from './adapters/group-reader.js';
import { CHECKPOINTS } from './adapters/poller-work.js';
import { RAW_LOGS } from './adapters/shard-poller.js';
import type { Lane, Progress, Range } from './core/lanes.js';
import { groupKey, type LogGroup } from './core/log-group.js';
import { rawRecordOf } from './core/raw-record.js';
import { type LogEvent, ShardState } from './core/shard-state.js';

const READ_LIMIT_MS = 15_000;

export interface DryRunOptions extends ReaderContext {
  directory: GroupDirectory;
  masker: Masker;
  startBackMs: number;
  once: boolean;
  signal: AbortSignal;
  /** Takes one line of output. */
  print: (line: string) => void;
}

/**
 * Reads as the poller would, from where the pollers of this cluster stand, and prints the records instead of sending
 * them: `{"topic", "key", "value"}`, a line each. Nothing is written and nobody's shard is taken. Returns whether every
 * group could be read.
 */
export async function dryRun(kafka: KafkaSettings, options: DryRunOptions): Promise<boolean> {
  const printer = new Printer(options);
  await restore(kafka, printer.state, options.logger);
  const readers = [...options.directory.groups()].map(
    ([key, { group, target }]) => new GroupReader(group, key, target, printer, options),
  );
  const stop = () => {
    for (const reader of readers) reader.stop();
  };
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  if (!options.once) {
    await Promise.all(readers.map((reader) => reader.run()));
    return true;
  }
  const read = await Promise.all(readers.map((reader) => reader.cycle()));
  return read.every(Boolean);
}

/** A shard of every group that keeps its state to itself. */
class Printer implements Delivery {
  readonly state: ShardState;

  constructor(private readonly options: DryRunOptions) {
    this.state = new ShardState(options.lanes);
  }

  progressOf(group: LogGroup): Progress | undefined {
    return this.state.progressOf(groupKey(group));
  }

  openRange(group: LogGroup, lane: Lane): Range | null {
    const nowMs = this.options.clock();
    return this.state.openRange(groupKey(group), lane, nowMs, nowMs - this.options.startBackMs);
  }

  async deliver(group: LogGroup, range: Range, events: LogEvent[], last: boolean): Promise<boolean> {
    const { fresh, stale } = this.state.accept(groupKey(group), range, { events, last });
    for (const event of fresh) {
      const { key, log } = rawRecordOf(group, event, this.options.masker);
      this.options.print(JSON.stringify({ topic: RAW_LOGS, key, value: log }));
    }
    return !stale;
  }
}

/** The checkpoints as they are now; without a cluster, or before its first poller, everything counts as never read. */
async function restore(kafka: KafkaSettings, state: ShardState, logger: Logger): Promise<void> {
  const cluster = new ClusterClient(kafka);
  try {
    await withinLimit(readAll(cluster, state), READ_LIMIT_MS, () => new Error('no answer'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn(
      { reason, brokers: kafka.brokers },
      'the checkpoints cannot be read: as if no group had been read before',
    );
  } finally {
    await cluster.disconnect().catch(() => undefined); // there may have been no connection to end
  }
}

async function readAll(cluster: ClusterClient, state: ShardState): Promise<void> {
  await cluster.connect([CHECKPOINTS]);
  await readToEnd(cluster, CHECKPOINTS, READ_LIMIT_MS, (records) => {
    for (const { key, value, offset } of records) if (key) state.restore(key.toString('utf8'), value, offset);
  });
}
