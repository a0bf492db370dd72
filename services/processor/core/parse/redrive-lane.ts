import { uuidOf } from '../../../../lib/model/ids.js';
import { type Redrive, redriveOf } from '../../../../lib/topology/redrive.js';
import type { InputRecord, StateStore } from '../../../../lib/topology/topology.js';
import { type ParseState, type StreamState, stateKeys } from './parse-state.js';
import type { RawInput } from './raw-input.js';

/**
 * Records out of dead-letter come when their neighbours are long gone. They are read in a lane of their own beside their
 * stream: refused lines that belong together find each other, and nothing that the stream is printing now is closed, joined
 * or crowded out by them. The lane begins with what the stream knows of its runs and invocations.
 */
const LANE = '\0redrive/';
/** A lane that was quiet for so long begins again, milliseconds of append time. */
const LANE_QUIET_MS = 60_000;

export const laneOf = (stream: string): string => LANE + stream;

/** The stream that a lane is beside; a stream itself. */
export const streamOfLane = (lane: string): string =>
  lane.startsWith(LANE) ? lane.slice(LANE.length) : lane;

/** No stream may be named as a lane is. */
export const besideLanes = (stream: string): string =>
  stream.startsWith(LANE) ? `hash/${uuidOf(stream)}` : stream;

/** Puts what the stream knows into its lane, unless the lane is in use. */
export function enterLane(stream: string, appendMs: number, store: StateStore<ParseState>): void {
  const lane = laneOf(stream);
  const known = store.get(stateKeys.stream(lane)) as StreamState | undefined;
  if (known !== undefined && appendMs - known.lastMs <= LANE_QUIET_MS) return;
  for (const key of ['context', 'invocations'] as const) {
    const state = store.get(stateKeys[key](stream));
    if (state === undefined) store.delete(stateKeys[key](lane));
    else store.put(stateKeys[key](lane), structuredClone(state));
  }
}

/** A record as it was when it first stood in its topic, as far as its event is concerned. */
export interface FirstRead {
  record: InputRecord<RawInput>;
  /** Null: the record is not out of dead-letter. */
  redrive: Redrive | null;
}

export function firstReadOf(record: InputRecord<RawInput>): FirstRead {
  const redrive = redriveOf(record);
  if (redrive === null) return { record, redrive };
  const { topic, partition, offset, appended_ms: timestampMs } = redrive.origin;
  return { record: { ...record, topic, partition, offset, timestampMs }, redrive };
}
