import type { Codec } from '../../../lib/model/codec.js';
import type { Masker } from '../../../lib/model/masking/masker.js';
import type { Topology } from '../../../lib/topology/topology.js';
import { aggregateSubTopology } from './aggregate/sub-topology.js';
import type { ParseOptions } from './parse/parse-processor.js';
import type { ParseConfig } from './parse/settings.js';
import { parseSubTopology } from './parse/sub-topology.js';
import type { CompiledRules } from './rules/compiled-rules.js';
import { traceSubTopology } from './trace/sub-topology.js';

/** What of config.yaml the topology depends on; a part of AppConfig, named here so that the core knows no configuration. */
export interface TopologyConfig extends ParseConfig {
  trace_detection: ParseConfig['trace_detection'] & {
    auto_close_after_minutes: number;
    max_events_per_trace: number;
  };
}

export interface TopologyOptions {
  codec: Codec;
  config: TopologyConfig;
  rules: CompiledRules;
  /** Takes secrets out of what parse sends; see lib/config/masking-file. */
  masker: Masker;
  /** Epoch of each topic, see lib/kafka/topics/epochs. */
  epochs: ReadonlyMap<string, string>;
  /** Compared before revisions; raised by a replay. */
  generation: number;
  /** Keeps accounts of what comes in and what becomes of it (docs/receipts.md); what is read again in a replay does not count. */
  accounts?: boolean;
  /** Told what became of each record of raw-logs, in order. */
  observe?: ParseOptions['observe'];
  /** Told of each trace as its first event is seen. */
  onTrace?: () => void;
}

/**
 * The one topology value: the service, the test driver and in-process runs all run this.
 * @throws when raw-logs has no epoch: without it, the ids of lines that have no other identity could be given twice.
 */
export function buildTopology({
  codec,
  config,
  rules,
  masker,
  epochs,
  generation,
  observe,
  onTrace,
  accounts = false,
}: TopologyOptions): Topology {
  const epoch = epochs.get('raw-logs');
  if (epoch === undefined) throw new Error('raw-logs has no epoch: run `vectadb topics apply`');
  const { auto_close_after_minutes, max_events_per_trace, state_retention_hours } = config.trace_detection;
  const stateRetentionMs = state_retention_hours * 3_600_000;
  return {
    subTopologies: [
      parseSubTopology({ codec, config, rules, masker, epoch, observe, accounts }),
      traceSubTopology(
        codec,
        { maxEventsPerTrace: max_events_per_trace, stateRetentionMs, generation },
        accounts,
      ),
      aggregateSubTopology(codec, {
        autoCloseMs: auto_close_after_minutes * 60_000,
        stateRetentionMs,
        generation,
        onTrace,
      }),
    ],
  };
}
