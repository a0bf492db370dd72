import type { LaneProgress, Progress } from './lanes.js';
import type { SeenPart } from './seen-ids.js';

/** What a key of cloudwatch-checkpoints names; null: something else, such as a fence. */
export type CheckpointKey = { kind: 'group'; group: string } | ({ kind: 'seen'; group: string } & SeenPart);

export const groupRecordKey = (group: string): string => `group:${group}`;

/** Minute and part come first: names of log groups hold almost any character. */
export const seenRecordKey = (group: string, { minute, part }: SeenPart): string =>
  `seen:${minute}:${part}:${group}`;

export function parseKey(key: string): CheckpointKey | null {
  if (key.startsWith('group:')) return { kind: 'group', group: key.slice('group:'.length) };
  const seen = /^seen:(-?\d+):(\d+):(.*)$/s.exec(key);
  if (!seen) return null;
  return { kind: 'seen', group: seen[3]!, minute: Number(seen[1]), part: Number(seen[2]) };
}

interface StoredLane {
  position_ms: number;
  cursor_ms?: number;
  target_ms?: number;
}

export function encodeProgress({ sinceMs, fast, sweep }: Progress): Buffer {
  const lane = ({ positionMs, pass }: LaneProgress): StoredLane => ({
    position_ms: positionMs,
    ...(pass === null ? {} : { cursor_ms: pass.cursorMs, target_ms: pass.targetMs }),
  });
  return Buffer.from(JSON.stringify({ version: 1, since_ms: sinceMs, fast: lane(fast), sweep: lane(sweep) }));
}

/** @throws where the record is of another version or is broken. */
export function decodeProgress(value: Buffer): Progress {
  const stored = JSON.parse(value.toString('utf8')) as {
    version: number;
    since_ms: number;
    fast: StoredLane;
    sweep: StoredLane;
  };
  if (stored.version !== 1)
    throw new Error(`a checkpoint has version ${stored.version}; this poller reads 1`);
  const lane = ({ position_ms, cursor_ms, target_ms }: StoredLane): LaneProgress => ({
    positionMs: position_ms,
    pass:
      cursor_ms === undefined || target_ms === undefined
        ? null
        : { cursorMs: cursor_ms, targetMs: target_ms },
  });
  return { sinceMs: stored.since_ms, fast: lane(stored.fast), sweep: lane(stored.sweep) };
}
