import type { Codec } from '../../../../lib/model/codec.js';
import { type Bind, isParsedEvent, type ParsedEvent, type ParsedPack } from '../../../../lib/model/events.js';
import type { Processor, SubTopology } from '../../../../lib/topology/topology.js';
import type { CompiledRules } from '../rules/compiled-rules.js';
import { PARSED_EVENTS, type ParseOptions, ParseProcessor } from './parse-processor.js';
import type { ParseState } from './parse-state.js';
import { decodeRawRecord, type RawInput } from './raw-input.js';
import { type ParseConfig, settingsOf } from './settings.js';

const PACK_BYTES = 256 * 1024;
const PACK_ENTRIES = 4_096;

/** Events and binds of one transaction and partition, as one record. */
export const wrapParsed = (entries: (ParsedEvent | Bind)[]): ParsedPack => ({
  entries: entries.map((entry) =>
    isParsedEvent(entry) ? { event: entry, bind: null } : { event: null, bind: entry },
  ),
});

/** A processor of one partition of raw-logs. */
export const createParseProcessor = (options: ParseOptions): Processor<RawInput, ParseState> =>
  new ParseProcessor(options);

export interface ParseTopologyOptions {
  codec: Codec;
  /** config.yaml; `parser` and `trace_detection` of it are read. */
  config: ParseConfig;
  rules: CompiledRules;
  /** Epoch of raw-logs. */
  epoch: string;
  observe?: ParseOptions['observe'];
}

/** raw-logs → parsed-events. */
export function parseSubTopology(options: ParseTopologyOptions): SubTopology<RawInput, ParseState> {
  const { codec, config, rules, epoch, observe } = options;
  const settings = settingsOf(config);
  return {
    name: 'parse',
    groupId: 'vectadb-parse',
    source: 'raw-logs',
    changelog: 'parse-changelog',
    decode: decodeRawRecord(codec),
    sinks: {
      [PARSED_EVENTS]: {
        topic: PARSED_EVENTS,
        encode: (pack: ParsedPack) => codec.encode('parsed-pack', pack),
        pack: { wrap: wrapParsed, maxBytes: PACK_BYTES, maxEntries: PACK_ENTRIES },
      },
    },
    createProcessor: () => createParseProcessor({ rules, settings, epoch, observe }),
  };
}
