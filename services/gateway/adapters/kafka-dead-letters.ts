import { nameOf } from '../../../lib/dead-letters/letter.js';
import { listed, NewestLetters } from '../../../lib/dead-letters/listed-letter.js';
import { Outcomes } from '../../../lib/dead-letters/outcomes.js';
import { DeadLetters } from '../../../lib/dead-letters/reading.js';
import { RedriveFencedError, redrive } from '../../../lib/dead-letters/redrive.js';
import { planRedrive, type SendBackParts, sendBack } from '../../../lib/dead-letters/send-back.js';
import { LetterSummary } from '../../../lib/dead-letters/summary.js';
import { TRAIL_TOPIC } from '../../../lib/dead-letters/trail-entry.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { showRecord } from '../../../lib/kafka/shown-record.js';
import { withinLimit } from '../../../lib/time/limit.js';
import { DEAD_LETTER_TOPIC } from '../../../lib/topology/dead-letter.js';
import type { LetterPosition } from '../../../lib/topology/redrive.js';
import type { DeadLetterPort, LetterQuery, RedriveDone, RedriveWanted, ShownLetter } from '../ports.js';
import { Problem } from '../problem.js';
import { bounded } from './kafka-look.js';
import { kafkaTurns } from './kafka-turns.js';

/** Requests that read dead-letter at once. */
const MAX_READING = 2;
/** How long one may look through the topic. A redrive is not cut off: what it has begun it ends, `limit` letters at most. */
const READ_LIMIT_MS = 20_000;
/** Bytes of a letter that are shown in hexadecimal. */
const HEX_BYTES = 4_096;

/** Dead letters as the topics have them, read anew for each request; redrives through the same core as the CLI's. */
export function kafkaDeadLetters(parts: SendBackParts): DeadLetterPort {
  const withTurn = kafkaTurns(MAX_READING);
  let redriving = false;

  const withLetters = async <T>(
    work: (letters: DeadLetters, cluster: ClusterClient) => Promise<T>,
  ): Promise<T> => {
    const cluster = new ClusterClient(parts.kafka);
    try {
      await cluster.connect([DEAD_LETTER_TOPIC, TRAIL_TOPIC]);
      return await work(await DeadLetters.open(cluster), cluster);
    } finally {
      await cluster.disconnect();
    }
  };
  const reading = <T>(work: (letters: DeadLetters, cluster: ClusterClient) => Promise<T>) =>
    withTurn(() => within(withLetters(work)));

  return {
    list: (query) => reading((letters) => pageOf(letters, query)),

    find: (position) => reading((letters) => shownLetter(letters, position, parts)),

    plan: (wanted) =>
      reading(async (letters, cluster) => {
        const back = await sendBack(parts, cluster, wanted.encoding);
        const plan = new Outcomes();
        const left = new Set(wanted.filter.names);
        const { selected } = await planRedrive(letters, { ...wanted, back }, (one) => {
          plan.add(one);
          left.delete(nameOf(one.letter));
        });
        return doneOf(plan, selected, wanted, left);
      }),

    redrive: async (wanted) => {
      if (redriving)
        throw new Problem('conflict', 'a redrive is under way here: ask again when it has ended');
      redriving = true;
      try {
        return await withTurn(() => send(parts, wanted));
      } finally {
        redriving = false;
      }
    },
  };
}

async function pageOf(letters: DeadLetters, { filter, limit, after }: LetterQuery) {
  const summary = new LetterSummary();
  const newest = new NewestLetters(limit, after);
  let total = 0;
  await letters.forEach(filter, (traced) => {
    total++;
    summary.add(traced);
    newest.add(traced);
    return true;
  });
  return { summary: summary.rows(), total, letters: newest.rows(), next: newest.next() };
}

async function shownLetter(
  letters: DeadLetters,
  position: LetterPosition,
  { registry }: SendBackParts,
): Promise<ShownLetter | null> {
  const traced = await letters.find(position);
  if (traced === null) return null;
  const { letter, trail } = traced;
  const record = { ...letter, topic: DEAD_LETTER_TOPIC, timestampMs: letter.refusedMs };
  const { key, headers, format, value } = bounded(await showRecord(record, registry));
  return {
    ...listed(traced),
    appendedMs: letter.origin?.appended_ms ?? null,
    key,
    headers,
    format,
    value,
    hex: letter.value?.subarray(0, HEX_BYTES).toString('hex') ?? null,
    predecessor: letter.predecessor,
    successor: letters.successorOf(letter),
    trail: trail?.redrives ?? [],
  };
}

async function send(parts: SendBackParts, wanted: RedriveWanted): Promise<RedriveDone> {
  const cluster = new ClusterClient(parts.kafka);
  const done = new Outcomes();
  const left = new Set(wanted.filter.names);
  try {
    await cluster.connect([DEAD_LETTER_TOPIC, TRAIL_TOPIC]);
    await redrive({
      kafka: parts.kafka,
      cluster,
      filter: wanted.filter,
      again: wanted.again,
      limit: wanted.limit,
      wayBack: await sendBack(parts, cluster, wanted.encoding),
      onDone: (one) => {
        done.add(one);
        left.delete(nameOf(one.letter));
      },
    });
  } catch (error) {
    if (!(error instanceof RedriveFencedError)) throw error;
    const sent = done.of('sent');
    throw new Problem(
      'conflict',
      `another redrive has begun and goes on; ${sent} letters were sent until then`,
    );
  } finally {
    await cluster.disconnect();
  }
  return doneOf(done, done.of('sent') + done.of('superseded'), wanted, left);
}

function doneOf(
  outcomes: Outcomes,
  taken: number,
  { limit, filter }: RedriveWanted,
  left: ReadonlySet<string>,
): RedriveDone {
  const names = [...(filter.names ?? [])];
  return {
    letters: outcomes.of('sent') + outcomes.of('to be sent'),
    more: taken >= limit,
    // those behind the limit were not looked at
    not_selected: taken >= limit ? [] : names.filter((name) => left.has(name)),
    outcomes: outcomes.rows(),
  };
}

const within = <T>(work: Promise<T>): Promise<T> =>
  withinLimit(work, READ_LIMIT_MS, () => {
    const reason = `dead-letter cannot be looked through within ${READ_LIMIT_MS / 1_000} s`;
    return new Problem('overloaded', reason, { retryAfterS: 5 });
  });
