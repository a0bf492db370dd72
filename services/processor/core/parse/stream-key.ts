import type { LogSource } from '../../../../lib/model/events.js';
import { streamKey, uuidOf } from '../../../../lib/model/ids.js';
import { besideLanes } from './redrive-lane.js';

const MAX_STREAM_CHARS = 512;

/**
 * The stream of a record: its source's, else `key/<key>`; null where it has neither. An overlong one is replaced by its hash, so that
 * no state key can outgrow a changelog entry.
 */
export function streamOf(source: LogSource | null, key: Buffer | null): string | null {
  const stream =
    source !== null && (source.log_stream !== null || source.log_group !== null)
      ? streamKey(source)
      : key !== null && key.length > 0
        ? `key/${key.toString('utf8')}`
        : source !== null
          ? streamKey(source)
          : null;
  if (stream === null) return null;
  if (stream.length <= MAX_STREAM_CHARS) return besideLanes(stream);
  return `hash/${uuidOf(stream)}`;
}
