import { Kafka, logLevel } from 'kafkajs';
import { deadLetterOf } from '../check/reference.js';
import type { Row } from '../row.js';
import type { Trial } from '../trial.js';
import { killAll } from './kills.js';

/** A kind of poison: bytes that nobody should send, and what becomes of them. */
interface Poison {
  kind: string;
  /** dead: the bytes are in dead-letter, with this cause. text: they are stored, and found by their ref. */
  end: { dead: string } | 'text';
  bytes: (ref: string, n: number, rawLogId: number) => Buffer;
}

const ONE_MB = 1_000_000;
const LEVELS = 200;
/** No registry has come so far. */
const UNKNOWN_SCHEMA_ID = 2_000_000_000;

const frame = (id: number, rest: string): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, Buffer.from(rest)]);
};

const POISONS: Poison[] = [
  {
    kind: 'invalid UTF-8',
    end: { dead: 'INVALID_UTF8' },
    bytes: (ref) => Buffer.concat([Buffer.from(`caf${ref}`), Buffer.from([0xe9, 0xff, 0x80])]),
  },
  { kind: '1 MB line', end: 'text', bytes: (ref) => Buffer.from(`ref=${ref} ${'x'.repeat(ONE_MB)}`) },
  {
    kind: '200 levels of JSON',
    end: 'text',
    bytes: (ref) => Buffer.from(`${'{"a":'.repeat(LEVELS)}"ref=${ref}"${'}'.repeat(LEVELS)}`),
  },
  { kind: 'NUL bytes', end: 'text', bytes: (ref) => Buffer.from(`ref=${ref} a\0b\0\0c`) },
  {
    kind: '__proto__ keys',
    end: 'text',
    bytes: (ref) =>
      Buffer.from(
        `{"__proto__":{"polluted":true},"constructor":{"prototype":{"x":1}},"message":"ref=${ref}"}`,
      ),
  },
  // an id that is known, and bytes that are no RawLog
  {
    kind: 'broken Avro frame',
    end: { dead: 'AVRO_BODY' },
    bytes: (ref, _, rawLogId) => frame(rawLogId, `\u0001${ref}`),
  },
  {
    kind: 'unknown schema id',
    end: { dead: 'UNKNOWN_SCHEMA_ID' },
    bytes: (ref, n) => frame(UNKNOWN_SCHEMA_ID + (n % 5), ref),
  },
];

const SHARE = 0.01;
const SENT_AT_ONCE = 7;

interface Sent {
  poison: Poison;
  ref: string;
  bytes: Buffer;
}

const sentIn = new WeakMap<Trial, Sent[]>();

/** One in a hundred lines is poison, from the beginning to the end; the processor is killed meanwhile. */
async function poison(trial: Trial): Promise<void> {
  const sent: Sent[] = [];
  sentIn.set(trial, sent);
  const kafka = new Kafka({
    clientId: 'poison',
    brokers: trial.system.stack.brokers,
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer();
  await producer.connect();
  const { rawLogId } = trial;
  const run = `poison${trial.options.seed}`;
  const rounds = Math.ceil((trial.options.events * SHARE) / SENT_AT_ONCE);
  const sending = (async () => {
    for (let round = 0; round < rounds; round++) {
      await trial.load.reaches((round / rounds) * 0.9);
      const batch = POISONS.map((one, place): Sent => {
        const n = round * SENT_AT_ONCE + place;
        const ref = `${run}-${n}`;
        return { poison: one, ref, bytes: one.bytes(ref, round, rawLogId) };
      });
      for (const { poison: one, ref } of batch) {
        const isText = one.end === 'text';
        trial.ledger.mint({
          kind: 'line',
          way: 'foreign',
          ref,
          text: isText ? `ref=${ref}` : '',
          key: null,
          home: null,
        });
        if (isText) trial.ledger.acknowledge([trial.ledger.minted.get(ref)!]);
        trial.threw(one.kind);
      }
      await producer.send({
        topic: 'raw-logs',
        messages: batch.map(({ bytes }, place) => ({
          key: place % 2 === 0 ? `poisoned-${place}` : null,
          value: bytes,
        })),
      });
      sent.push(...batch);
    }
  })();
  await Promise.all([sending, killAll(trial, ['processor-0'], 4)]);
  await producer.disconnect();
}

/** Each of the dead is in dead-letter once, bytes untouched, with its cause and its position. */
async function check(trial: Trial): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const { value, headers } of await trial.readTopic('dead-letter')) {
    const { topic, partition, offset, cause } = deadLetterOf(headers);
    const bytes = value?.toString('base64') ?? '';
    const placed = topic === 'raw-logs' && Number.isInteger(partition) && Number.isInteger(offset);
    found.set(bytes, [...(found.get(bytes) ?? []), placed ? cause : `no position, ${cause}`]);
  }
  return (sentIn.get(trial) ?? []).flatMap(({ poison: { kind, end }, ref, bytes }) => {
    const causes = found.get(bytes.toString('base64')) ?? [];
    const expected = end === 'text' ? '' : end.dead;
    return causes.join(', ') === expected
      ? []
      : [`${kind} ${ref} is in dead-letter for '${causes.join(', ')}', not '${expected}'`];
  });
}

export const POISON_ROWS: Row[] = [
  {
    name: 'poison',
    doc: `1 % of the lines: ${POISONS.map(({ kind }) => kind).join(', ')}; a few kills`,
    seeds: 5,
    faults: poison,
    check,
  },
];
