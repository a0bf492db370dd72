import type { Codec } from '../../../../lib/model/codec.js';
import type { GroupState, ParsedEntry, ParsedPack } from '../../../../lib/model/events.js';
import { ok } from '../../../../lib/model/result.js';
import type { SubTopology } from '../../../../lib/topology/topology.js';
import { AccountedTrace } from '../accounts/accounted-trace.js';
import { accountsSink } from '../accounts/sink.js';
import { PARSED_EVENTS, parsedEventsSink, unwrapEntries, wrapEntries } from '../parsed-entries.js';
import { type TraceOptions, TraceProcessor } from './processor.js';
import type { TraceState } from './state.js';

/**
 * parsed-events → agent-events (key group_id), group-states (key root trace id), and back to parsed-events the roots of runs
 * that a session or trace has adopted (docs/adr/033).
 * @param codec knows the schemas of all of them.
 * @param accounts keeps and sends accounts by the hour.
 */
export function traceSubTopology(
  codec: Codec,
  options: TraceOptions,
  accounts = false,
): SubTopology<ParsedEntry, TraceState> {
  return {
    name: 'trace',
    groupId: 'vectadb-trace',
    source: 'parsed-events',
    changelog: 'trace-changelog',
    decode: (record) => {
      if (record.value === null) return ok([]);
      const pack = codec.decode<ParsedPack>(record.value, ['parsed-pack']);
      // a pack holds the events of many streams: to set it aside would lose them, so the process stops
      if (!pack.ok) {
        const at = `${record.topic}/${record.partition}@${record.offset}`;
        throw new Error(`the pack at ${at} cannot be read: ${pack.error.code}: ${pack.error.message}`);
      }
      return ok(unwrapEntries(pack.value.value));
    },
    encodeOne: (entry) => codec.encode('parsed-pack', wrapEntries([entry])),
    sinks: {
      [PARSED_EVENTS]: parsedEventsSink(codec),
      ...(accounts ? accountsSink(codec) : {}),
      'agent-events': {
        topic: 'agent-events',
        encode: ({ schema, value }: { schema: 'agent-event' | 'group-link'; value: unknown }) =>
          codec.encode(schema, value),
      },
      'group-states': {
        topic: 'group-states',
        encode: (show: () => GroupState) => codec.encode('group-state', show()),
      },
    },
    createProcessor: () =>
      accounts ? new AccountedTrace(new TraceProcessor(options)) : new TraceProcessor(options),
  };
}
