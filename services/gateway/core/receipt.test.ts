import { describe, expect, it } from 'vitest';
import { type Findings, type Letter, receiptOf, type SeenEvent } from './receipt.js';

const raw = { topic: 'raw-logs', partition: 2, offset: 7, index: 0 };
const event = (more: Partial<SeenEvent> = {}): SeenEvent => ({
  traceId: 't',
  groupId: 'g',
  raw,
  createdMs: 1_000,
  wantsVector: true,
  ...more,
});
const at = (topic: string) => ({ topic, partition: 0, offset: 5, atMs: 2_000 });
const letter = (stage: string): Letter => ({
  ...at('dead-letter'),
  stage,
  code: 'PROCESSING',
  message: 'no',
  of: { topic: 'raw-logs', partition: 2, offset: 7 },
});
const nothing: Findings = {
  eventId: 'e',
  row: 'none',
  vector: false,
  trail: { raw: null, parsed: null, traced: null },
  vectorOnItsWay: null,
  letter: null,
  vectorLetter: null,
  looked: [],
};
const found = (more: Partial<Findings>) => {
  const receipt = receiptOf({ ...nothing, ...more });
  return receipt && [receipt.state, ...receipt.steps.map(({ state }) => state)].join(' ');
};
const traced = { raw: null, parsed: null, traced: { ...at('agent-events'), event: event() } };

describe('a receipt', () => {
  it.each<[string, Partial<Findings>, string | null]>([
    ['nothing', {}, null],
    ['nothing, with both stores down', { row: null, vector: null }, null],
    [
      'only its raw record',
      { trail: { ...nothing.trail!, raw: at('raw-logs') } },
      'in_flight done waiting waiting waiting waiting',
    ],
    [
      'a pack',
      { trail: { ...nothing.trail!, parsed: { ...at('parsed-events'), event: event({ traceId: null }) } } },
      'in_flight done done waiting waiting waiting',
    ],
    ['its trace', { trail: traced }, 'in_flight done done done waiting waiting'],
    ['its trace, and its vector', { trail: traced, vector: true }, 'in_flight done done done waiting done'],
    ['both', { row: event(), vector: true }, 'stored done done done done done'],
    [
      'a row that wants no vector',
      { row: event({ wantsVector: false }) },
      'stored done done done done skipped',
    ],
    [
      'a row, its vector on its way',
      { row: event(), vectorOnItsWay: at('agent-events') },
      'in_flight done done done done waiting',
    ],
    ['a row, Qdrant down', { row: event(), vector: null }, 'in_flight done done done done waiting'],
    ['a row and no sign of a vector', { row: event() }, 'incomplete done done done done unknown'],
    [
      'a letter of parse',
      { letter: letter('parse') },
      'dead_lettered done dead_lettered skipped skipped skipped',
    ],
    [
      'a letter of trace',
      { letter: letter('trace') },
      'dead_lettered done done dead_lettered skipped skipped',
    ],
    [
      "a letter of SurrealDB's sink; the other has it",
      { letter: letter('surreal-sink'), vector: true },
      'dead_lettered done done done dead_lettered done',
    ],
    [
      "a row, and a letter of Qdrant's sink",
      { row: event(), vectorLetter: letter('qdrant-sink') },
      'dead_lettered done done done done dead_lettered',
    ],
  ])('of an event of which there is %s', (_, findings, expected) => {
    expect(found(findings)).toBe(expected);
  });

  it('names the raw record by the best that is known of it', () => {
    const accepted = (more: Partial<Findings>) => receiptOf({ ...nothing, ...more })!.steps[0];
    expect(accepted({ trail: traced })).toMatchObject({
      topic: 'raw-logs',
      partition: 2,
      offset: 7,
      at: '1970-01-01T00:00:01.000Z',
    });
    expect(accepted({ letter: letter('parse') })).toMatchObject({
      topic: 'raw-logs',
      partition: 2,
      offset: 7,
      at: null,
    });
  });
});
