import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../deploy/local/stack.js';
import { classify } from '../../../lib/kafka/exactly-once/failure.js';
import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';
import { KafkaReplayLog, type ReplayLogOptions } from '../../../lib/kafka/generations/replay-log.js';
import { Replay, ReplayPoisonError } from '../../../lib/topology/replay.js';

export interface RunOptions extends Omit<ReplayLogOptions, 'input'> {
  record: GenerationRecord;
  /** Told of the time that the replay has come to, Unix milliseconds. */
  onSlice: (timeMs: number) => void;
  onRetry: (reason: string) => void;
}

/** How often in a row it may fail without coming further. */
const FAILURE_LIMIT = 10;
const MAX_BACK_OFF_MS = 5_000;
/** More values than this on which processors fail are a defect. */
const POISON_LIMIT = 100;

/**
 * Replays what a generation is of, to its end, from wherever an earlier run has come to.
 * @throws UserError where another process replays the same generation; what a broker refuses, or keeps failing at.
 */
export async function runReplay({ record, onSlice, onRetry, ...options }: RunOptions): Promise<void> {
  const skip = new Map<string, string>();
  let failures = 0;
  for (;;) {
    let log: KafkaReplayLog | null = null;
    try {
      log = await KafkaReplayLog.open({ ...options, input: record.partitions });
      const replay = new Replay(options.topology, log, {
        untilMs: record.until_ms,
        skip,
        onSlice: (timeMs) => {
          failures = 0;
          onSlice(timeMs);
        },
      });
      await log.restore(replay);
      await replay.run();
      return;
    } catch (error) {
      if (error instanceof ReplayPoisonError && !skip.has(error.key) && skip.size < POISON_LIMIT) {
        skip.set(error.key, error.message);
        continue;
      }
      const kind = classify(error);
      if (kind === 'fenced') throw new UserError('another process replays this generation: let it end first');
      if (kind === 'fatal' || kind === 'refused' || kind === 'poison' || ++failures >= FAILURE_LIMIT)
        throw error;
      onRetry(error instanceof Error ? error.message : String(error));
      await delay(Math.min(200 * 2 ** failures, MAX_BACK_OFF_MS));
    } finally {
      await log?.close();
    }
  }
}
