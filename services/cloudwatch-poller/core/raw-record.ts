import type { RawLog } from '../../../lib/model/events.js';
import { streamKey } from '../../../lib/model/ids.js';
import type { Masker } from '../../../lib/model/masking/masker.js';
import type { LogGroup } from './log-group.js';
import type { LogEvent } from './shard-state.js';

/** An event as a record of raw-logs, its secrets masked; its key is its log stream, its log_id CloudWatch's own id. */
export function rawRecordOf(
  { account, region, name }: LogGroup,
  { eventId, timestampMs, stream, message }: LogEvent,
  masker: Masker,
): { key: string; log: RawLog } {
  const source = {
    system: 'cloudwatch',
    account,
    region,
    log_group: name,
    log_stream: stream,
    log_id: eventId,
  };
  const masked = masker.suspects(message) ? masker.text(message) : message;
  return {
    key: streamKey(source),
    log: { message: masked, timestamp_ms: timestampMs, source, event: null, options: null },
  };
}
