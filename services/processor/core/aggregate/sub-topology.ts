import type { Codec } from '../../../../lib/model/codec.js';
import type { AgentTrace, GroupState } from '../../../../lib/model/events.js';
import { ok } from '../../../../lib/model/result.js';
import type { SubTopology } from '../../../../lib/topology/topology.js';
import { type AggregateOptions, AggregateProcessor } from './processor.js';
import type { AggregateState } from './state.js';

/** group-states → agent-traces (key trace_id). @param codec knows both schemas. */
export function aggregateSubTopology(
  codec: Codec,
  options: AggregateOptions,
): SubTopology<GroupState, AggregateState> {
  return {
    name: 'aggregate',
    groupId: 'vectadb-aggregate',
    source: 'group-states',
    changelog: 'aggregate-changelog',
    decode: (record) => {
      if (record.value === null) return ok([]);
      const state = codec.decode<GroupState>(record.value, ['group-state']);
      return state.ok ? ok([state.value.value]) : state;
    },
    sinks: {
      'agent-traces': {
        topic: 'agent-traces',
        encode: (show: () => AgentTrace) => codec.encode('agent-trace', show()),
      },
    },
    createProcessor: () => new AggregateProcessor(options),
  };
}
