// Lines a second and core through parse: npm run -s build && node dist/bench/parse-core.js [FILE.jsonl…]
// FILE: labelled lines, see corpus-lines.ts; without one, the sample lines of the built-in rules. The lines are printed over and over
// by ever new streams, each time later and with other ids and numbers, each with an offset and a log id of its own: what repeats
// word for word is told, so that no figure rests on it.
//
//   core      RawLog values in, ParsedEvent objects with canonical properties out: wrappers, JSON, classification, extraction,
//             joining, ids, groups, timers, and the puts into the state store
//   + Avro    besides: RawLog decoded from its Avro bytes, packs of events encoded
//   + change  besides: changelog entries encoded, that is all that the service does between two calls of Kafka

import Table from 'cli-table3';
import { defaultAppConfig } from '../lib/config/app-config.js';
import { maskerOf } from '../lib/config/masking-file.js';
import { loadSchemas } from '../lib/config/schemas.js';
import { Codec } from '../lib/model/codec.js';
import type { LogSource, ParsedEntry } from '../lib/model/events.js';
import { MemoryStateStore } from '../lib/topology/state-store.js';
import { Task } from '../lib/topology/task.js';
import type { EncodedRecord, ProcessorContext } from '../lib/topology/topology.js';
import { loadRules } from '../services/processor/adapters/rule-files.js';
import type { ParseState } from '../services/processor/core/parse/parse-state.js';
import { decodeRawRecord, type RawInput } from '../services/processor/core/parse/raw-input.js';
import { settingsOf } from '../services/processor/core/parse/settings.js';
import { createParseProcessor, parseSubTopology } from '../services/processor/core/parse/sub-topology.js';
import { wrapEntries } from '../services/processor/core/parsed-entries.js';
import { printedAgain, readCorpus, type StreamLines, sampleStreams } from './corpus-lines.js';

const files = process.argv.slice(2);
const LINES = Number(process.env.LINES ?? 200_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const TRANSACTION_LINES = 2_000;
const PACK_ENTRIES = 256;
const START_MS = 1_767_800_000_000;
/** A stream prints its lines so many times over before it falls silent. */
const STREAM_RUNS = 20;
/** Lines that arrive within a millisecond. */
const LINES_PER_MS = 200;
/** Event time from one printing of a stream's lines to the next. */
const SHIFT_MS = 10_000;

const streams = files.length > 0 ? readCorpus(files) : sampleStreams();
const config = defaultAppConfig();
const rules = loadRules(config);
const codec = Codec.local(loadSchemas());

interface Line {
  message: string;
  source: LogSource;
}

/** Every stream printed `STREAM_RUNS` times by a stream of another name, one line of each in turn; then again by new ones. */
function* printed(of: readonly StreamLines[]): Generator<Line> {
  for (let run = 0; ; run++) {
    const copy = Math.floor(run / STREAM_RUNS);
    let more = true;
    for (let n = 0; more; n++) {
      more = false;
      for (const { name, lines } of of) {
        const message = lines[n];
        if (message === undefined) continue;
        more = true;
        yield {
          // a string of its own, as decoding makes it
          message: Buffer.from(printedAgain(message, run, run * SHIFT_MS)).toString('utf8'),
          source: {
            system: 'cloudwatch',
            account: '111122223333',
            region: 'eu-north-1',
            log_group: '/aws/lambda/desk',
            log_stream: `${name}/${copy}`,
            log_id: `3820761${run}${String(n).padStart(8, '0')}`,
          },
        };
      }
    }
  }
}

interface Stage {
  name: string;
  /** Takes the lines of one transaction; what it does beforehand is not measured. */
  prepare(lines: Line[], firstOffset: number, nowMs: number): () => void;
}

const nowOf = (offset: number) => START_MS + Math.floor(offset / LINES_PER_MS);

// MASKING=off shows what masking costs
const masker = maskerOf({ ...config.masking, enabled: process.env.MASKING !== 'off' });

/** The processor by itself; `avro`: with records decoded from their bytes and events encoded in packs. */
function core(avro: boolean): Stage {
  const processor = createParseProcessor({ rules, masker, settings: settingsOf(config), epoch: 'bench' });
  const store = new MemoryStateStore<ParseState>();
  const decode = decodeRawRecord(codec);
  let forwarded: ParsedEntry[] = [];
  const context: ProcessorContext<ParseState> = {
    state: store,
    transaction: 0,
    forward: ({ value }) => {
      forwarded.push(value as ParsedEntry);
    },
    deadLetter: (code) => {
      throw new Error(code);
    },
  };
  const process = (record: EncodedRecord, value: RawInput) => {
    const { topic, partition, offset, timestampMs, key, headers } = record;
    processor.process({ topic, partition, offset, place: 0, timestampMs, key, headers, value }, context);
  };
  return {
    name: avro ? '+ Avro' : 'core',
    prepare(lines, firstOffset, nowMs) {
      forwarded = [];
      const records = lines.map((line, n) => recordOf(line, firstOffset + n, avro));
      return () => {
        records.forEach((record, n) => {
          if (avro) {
            const decoded = decode(record);
            if (decoded.ok) for (const value of decoded.value) process(record, value);
          } else {
            const { message, source } = lines[n]!;
            process(record, { kind: 'line', message, timestampMs: null, source, options: null });
          }
        });
        for (;;) {
          const key = store.takeDue(nowMs);
          if (key === undefined) break;
          processor.onTimer?.(key, store.get(key)!, nowMs, context);
        }
        if (!avro) return;
        for (let at = 0; at < forwarded.length; at += PACK_ENTRIES)
          codec.encode('parsed-pack', wrapEntries(forwarded.slice(at, at + PACK_ENTRIES)));
      };
    },
  };
}

/** All that the service does between two calls of Kafka. */
function service(): Stage {
  const sub = parseSubTopology({ codec, config, rules, masker, epoch: 'bench' });
  const task = new Task(sub, 0, () => 6);
  return {
    name: '+ changelog',
    prepare(lines, firstOffset, nowMs) {
      const records = lines.map((line, n) => recordOf(line, firstOffset + n, true));
      return () => {
        for (const record of records) task.process(record);
        task.advanceTime(nowMs, Number.POSITIVE_INFINITY);
        task.takeTransaction();
      };
    },
  };
}

function recordOf({ message, source }: Line, offset: number, encoded: boolean): EncodedRecord {
  return {
    topic: 'raw-logs',
    partition: 0,
    offset,
    timestampMs: nowOf(offset),
    key: null,
    value: encoded
      ? codec.encode('raw-log', { message, timestamp_ms: null, source, event: null, options: null })
      : null,
    headers: {},
  };
}

const take = (source: Generator<Line>, count: number): Line[] =>
  Array.from({ length: count }, () => source.next().value as Line);

/** CPU microseconds a line, best of several rounds after one that warms up. */
function measure(make: () => Stage): { cpuUs: number; wallUs: number } {
  let best = { cpuUs: Number.POSITIVE_INFINITY, wallUs: Number.POSITIVE_INFINITY };
  for (let round = 0; round <= ROUNDS; round++) {
    const stage = make();
    const source = printed(streams);
    let cpu = 0;
    let wall = 0;
    for (let offset = 0; offset < LINES; offset += TRANSACTION_LINES) {
      const lines = take(source, TRANSACTION_LINES);
      const run = stage.prepare(lines, offset, nowOf(offset + TRANSACTION_LINES));
      const before = process.cpuUsage();
      const started = performance.now();
      run();
      wall += performance.now() - started;
      const { user, system } = process.cpuUsage(before);
      cpu += user + system;
    }
    const cpuUs = cpu / LINES;
    if (round > 0 && cpuUs < best.cpuUs) best = { cpuUs, wallUs: (wall * 1_000) / LINES };
  }
  return best;
}

const characters = streams.flatMap(({ lines }) => lines);
console.log(
  `${characters.length} lines of ${streams.length} streams, ${Math.round(characters.reduce((sum, { length }) => sum + length, 0) / characters.length)} characters each; ` +
    `${rules.global.length} rules; ${LINES} lines a round, best of ${ROUNDS}`,
);
const some = Math.min(LINES, characters.length * STREAM_RUNS);
const distinct = new Set(take(printed(streams), some).map(({ message }) => message)).size;
console.log(
  `${(100 - (100 * distinct) / some).toFixed(1)} % of the lines repeat an earlier one word for word`,
);
const table = new Table({
  head: ['counted in', 'µs of CPU a line', 'lines a second and core', 'µs a line (wall)'],
  style: { head: [], border: [], compact: true },
});
for (const make of [() => core(false), () => core(true), service]) {
  if (process.env.ONLY && make().name !== process.env.ONLY) continue;
  const { cpuUs, wallUs } = measure(make);
  table.push([make().name, cpuUs.toFixed(2), Math.round(1e6 / cpuUs), wallUs.toFixed(2)]);
}
console.log(table.toString());
