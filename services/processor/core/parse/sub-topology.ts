import type { Codec } from '../../../../lib/model/codec.js';
import type { Masker } from '../../../../lib/model/masking/masker.js';
import type { Result } from '../../../../lib/model/result.js';
import type { EncodedRecord, Processor, SubTopology } from '../../../../lib/topology/topology.js';
import { AccountedParse } from '../accounts/accounted-parse.js';
import { accountsSink } from '../accounts/sink.js';
import { PARSED_EVENTS, parsedEventsSink } from '../parsed-entries.js';
import type { CompiledRules } from '../rules/compiled-rules.js';
import { type ParseOptions, ParseProcessor } from './parse-processor.js';
import type { ParseState } from './parse-state.js';
import { decodeRawRecord, type RawInput } from './raw-input.js';
import { type ParseConfig, settingsOf } from './settings.js';

/** A processor of one partition of raw-logs. */
export const createParseProcessor = (options: ParseOptions): Processor<RawInput, ParseState> =>
  new ParseProcessor(options);

export interface ParseTopologyOptions {
  codec: Codec;
  /** config.yaml; `parser` and `trace_detection` of it are read. */
  config: ParseConfig;
  rules: CompiledRules;
  masker: Masker;
  /** Epoch of raw-logs. */
  epoch: string;
  observe?: ParseOptions['observe'];
  /** Keeps and sends accounts by the hour. */
  accounts?: boolean;
}

/** raw-logs → parsed-events. */
export function parseSubTopology(options: ParseTopologyOptions): SubTopology<RawInput, ParseState> {
  const { codec, config, rules, masker, epoch, observe, accounts = false } = options;
  const settings = settingsOf(config);
  return {
    name: 'parse',
    groupId: 'vectadb-parse',
    source: 'raw-logs',
    changelog: 'parse-changelog',
    decode: observed(decodeRawRecord(codec), observe),
    sinks: {
      [PARSED_EVENTS]: parsedEventsSink(codec),
      ...(accounts ? accountsSink(codec) : {}),
    },
    createProcessor: () =>
      accounts
        ? new AccountedParse(
            (told) => createParseProcessor({ rules, masker, settings, epoch, observe: told }),
            observe,
          )
        : createParseProcessor({ rules, masker, settings, epoch, observe }),
  };
}

/** Tells of records that are refused before the processor sees them. */
function observed(
  decode: (record: EncodedRecord) => Result<RawInput[]>,
  observe: ParseOptions['observe'],
): (record: EncodedRecord) => Result<RawInput[]> {
  if (observe === undefined) return decode;
  return (record) => {
    const decoded = decode(record);
    if (!decoded.ok)
      observe({ offset: record.offset, eventId: null, fate: 'dead', rule: null, source: null });
    return decoded;
  };
}
