import type { RawPosition } from '../../../lib/model/events.js';

/** A record of a topic, with the time it was appended, Unix milliseconds. */
export interface Sighting {
  topic: string;
  partition: number;
  offset: number;
  atMs: number;
}

/** What an event's own record says of it, wherever it was read. */
export interface SeenEvent {
  traceId: string | null;
  groupId: string;
  raw: RawPosition;
  /** Append time in the raw topic. */
  createdMs: number;
  wantsVector: boolean;
}

/** Where an event that is not stored yet was seen; null: not there. */
export interface Trail {
  raw: Sighting | null;
  parsed: (Sighting & { event: SeenEvent }) | null;
  traced: (Sighting & { event: SeenEvent }) | null;
}

export interface Letter extends Sighting {
  /** Who refused it: parse, trace, surreal-sink, qdrant-sink. */
  stage: string;
  code: string;
  message: string;
  /** What it refused. */
  of: { topic: string; partition: number; offset: number };
}

/** How far a search went; `unread` offsets, the oldest, were not looked at. */
export interface Looked {
  topic: string;
  records: number;
  unread: number;
}

/** What was found out about an event. `null` of a store: it does not answer. */
export interface Findings {
  eventId: string;
  row: SeenEvent | 'none' | null;
  vector: boolean | null;
  trail: Trail | null;
  /** Of an event with a row: whether its way to Qdrant is not done yet. */
  vectorOnItsWay: Sighting | null;
  /** Why it is not stored. */
  letter: Letter | null;
  /** Why it has a row and no vector. */
  vectorLetter: Letter | null;
  looked: Looked[];
}

export type StepName = 'accepted' | 'parsed' | 'traced' | 'stored.surrealdb' | 'stored.qdrant';
export type StepState = 'done' | 'waiting' | 'skipped' | 'dead_lettered' | 'unknown';

export interface Step {
  step: StepName;
  state: StepState;
  /** When and where its record was appended, as far as that is known. */
  at: string | null;
  topic: string | null;
  partition: number | null;
  offset: number | null;
  detail: string | null;
}

export interface Receipt {
  event_id: string;
  state: 'in_flight' | 'stored' | 'dead_lettered' | 'incomplete';
  trace_id: string | null;
  steps: Step[];
  dead_letter: {
    stage: string;
    code: string;
    message: string;
    at: string;
    topic: string;
    partition: number;
    offset: number;
    of: { topic: string; partition: number; offset: number };
  } | null;
  looked: Looked[];
}

/** Steps that a stage's refusal ends at. */
const REFUSED_AT: Record<string, StepName> = {
  parse: 'parsed',
  trace: 'traced',
  'surreal-sink': 'stored.surrealdb',
  'qdrant-sink': 'stored.qdrant',
};

/** The receipt of an event, or null where nothing is known of it. */
export function receiptOf(findings: Findings): Receipt | null {
  const { eventId, row, trail, letter, vectorLetter, looked } = findings;
  const stored = row !== null && row !== 'none' ? row : null;
  const event = stored ?? trail?.traced?.event ?? trail?.parsed?.event ?? null;
  const raw = trail?.raw ?? null;
  if (event === null && raw === null && letter === null) return null;
  const refused = letter === null ? null : (REFUSED_AT[letter.stage] ?? null);
  const steps: Step[] = [
    step('accepted', 'done', acceptedAt(event, raw, letter)),
    step('parsed', stored || trail?.traced || trail?.parsed ? 'done' : 'waiting', trail?.parsed ?? null),
    step('traced', stored || trail?.traced ? 'done' : 'waiting', trail?.traced ?? null),
    step(
      'stored.surrealdb',
      stored ? 'done' : 'waiting',
      null,
      row === null ? 'SurrealDB does not answer' : null,
    ),
    vectorStep(findings, event),
  ];
  const at = steps.findIndex(({ step }) => step === refused);
  if (letter !== null && at >= 0) {
    for (const earlier of steps.slice(0, at)) earlier.state = 'done';
    steps[at] = step(steps[at]!.step, 'dead_lettered', letter, `${letter.code}: ${letter.message}`);
    // what one sink refuses the other may well store
    for (const later of steps.slice(at + 1))
      if (later.state === 'waiting' && refused !== 'stored.surrealdb') later.state = 'skipped';
  }
  const cause = letter ?? vectorLetter;
  return {
    event_id: eventId,
    state: stateOf(steps),
    trace_id: event?.traceId ?? null,
    steps,
    dead_letter: cause === null ? null : letterOut(cause),
    looked,
  };
}

function stateOf(steps: readonly Step[]): Receipt['state'] {
  if (steps.some(({ state }) => state === 'dead_lettered')) return 'dead_lettered';
  if (steps.some(({ state }) => state === 'waiting')) return 'in_flight';
  return steps.some(({ state }) => state === 'unknown') ? 'incomplete' : 'stored';
}

function vectorStep(findings: Findings, event: SeenEvent | null): Step {
  const { vector, row, vectorOnItsWay, vectorLetter, looked } = findings;
  const name = 'stored.qdrant';
  if (event?.wantsVector === false)
    return step(name, 'skipped', null, 'generate_embeddings is false: the event asked for no vector');
  if (vector === true) return step(name, 'done', null);
  if (vectorLetter !== null)
    return step(name, 'dead_lettered', vectorLetter, `${vectorLetter.code}: ${vectorLetter.message}`);
  if (vector === null) return step(name, 'waiting', vectorOnItsWay, 'Qdrant does not answer');
  if (row === 'none' || row === null || vectorOnItsWay !== null) return step(name, 'waiting', vectorOnItsWay);
  const unread = looked.some((one) => one.unread > 0);
  return step(
    name,
    'unknown',
    null,
    unread
      ? 'there is no vector; not all that is on its way was looked at'
      : 'there is no vector and none on its way: the collection was made after the event, or retention took it',
  );
}

function acceptedAt(event: SeenEvent | null, raw: Sighting | null, letter: Letter | null): Sighting | null {
  if (event !== null) return { ...event.raw, atMs: event.createdMs };
  if (raw !== null || letter === null) return raw;
  return { ...letter.of, atMs: Number.NaN };
}

function step(name: StepName, state: StepState, seen: Sighting | null, detail: string | null = null): Step {
  return {
    step: name,
    state,
    at: seen === null || Number.isNaN(seen.atMs) ? null : new Date(seen.atMs).toISOString(),
    topic: seen?.topic ?? null,
    partition: seen?.partition ?? null,
    offset: seen?.offset ?? null,
    detail,
  };
}

const letterOut = ({ stage, code, message, atMs, topic, partition, offset, of }: Letter) => ({
  stage,
  code,
  message,
  at: new Date(atMs).toISOString(),
  topic,
  partition,
  offset,
  of,
});
