import type { Codec } from '../../../lib/model/codec.js';
import { isAdoption, isParsedEvent, type ParsedEntry, type ParsedPack } from '../../../lib/model/events.js';
import type { Sink } from '../../../lib/topology/topology.js';

export const PARSED_EVENTS = 'parsed-events';

const PACK_BYTES = 256 * 1024;
const PACK_ENTRIES = 4_096;

/** Entries of one transaction and partition, as one record. */
export const wrapEntries = (entries: ParsedEntry[]): ParsedPack => ({
  entries: entries.map((entry) =>
    isParsedEvent(entry)
      ? { event: entry, bind: null, adoption: null }
      : isAdoption(entry)
        ? { event: null, bind: null, adoption: entry }
        : { event: null, bind: entry, adoption: null },
  ),
});

/** The entries of a pack, in their order. */
export const unwrapEntries = ({ entries }: ParsedPack): ParsedEntry[] =>
  entries.flatMap(({ event, bind, adoption }) => event ?? bind ?? adoption ?? []);

/** parsed-events as something to send to: the records of one transaction and partition share packs. */
export const parsedEventsSink = (codec: Codec): Sink => ({
  topic: PARSED_EVENTS,
  encode: (pack: ParsedPack) => codec.encode('parsed-pack', pack),
  pack: {
    wrap: wrapEntries as (entries: unknown[]) => ParsedPack,
    maxBytes: PACK_BYTES,
    maxEntries: PACK_ENTRIES,
  },
});
