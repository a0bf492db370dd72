import { describe, expect, it } from 'vitest';
import { loadSchemas } from '../config/schemas.js';
import { Codec } from '../model/codec.js';
import type { ParsedPack } from '../model/events.js';
import { sampleEvent } from '../stores/surreal/fixtures.js';
import { deadLetterHeaders } from '../topology/dead-letter.js';
import { partitionOf } from '../topology/partition.js';
import { REDRIVE_HEADER, redriveOf } from '../topology/redrive.js';
import type { EncodedRecord } from '../topology/topology.js';
import { type Letter, letterOf, nameOf, positionOf } from './letter.js';
import { MergedTraces } from './merged-traces.js';
import { isEncoding, recode } from './recode.js';
import { isSelected, type LetterFilter, type LetterState } from './selection.js';
import { LetterSummary } from './summary.js';
import { type WayBackOptions, wayBack } from './way-back.js';

const codec = Codec.local(loadSchemas());
const REFUSED_MS = 1_767_603_600_000;

/** The dead letter of a record that a stage refused. */
function refused(record: Partial<EncodedRecord> = {}, stage = 'parse', offset = 3): EncodedRecord {
  const whole: EncodedRecord = {
    topic: 'raw-logs',
    partition: 2,
    offset: 77,
    timestampMs: REFUSED_MS - 50,
    key: Buffer.from('stream'),
    value: Buffer.from('a line'),
    headers: { shipper: Buffer.from('x'), 'reply-to': Buffer.from('g/1') },
    ...record,
  };
  const headers = deadLetterHeaders(whole, stage, { code: 'INVALID_EVENT', message: 'no object' });
  return {
    ...whole,
    topic: 'dead-letter',
    offset,
    timestampMs: REFUSED_MS,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Buffer.from(value as string)]),
    ),
  };
}

const options = (more: Partial<WayBackOptions> = {}): WayBackOptions => ({
  codec,
  partitionsOf: (topic) => (topic === 'gone' ? undefined : 6),
  maxBytesOf: () => 2_000,
  epochs: new Map(),
  rootOf: (traceId) => traceId,
  ...more,
});

const sent = (letter: Letter, more: Partial<WayBackOptions> = {}) => {
  const way = wayBack(letter, options(more));
  if (!way.ok) throw new Error(way.reason);
  const headers = Object.fromEntries(
    Object.entries(way.record.headers).map(([name, value]) => [name, Buffer.from(value as string)]),
  );
  return { ...way.record, headers, redrive: redriveOf({ headers })! };
};

describe('a dead letter', () => {
  it('is read from the headers of Kafka Connect', () => {
    expect(letterOf(refused())).toMatchObject({
      partition: 2,
      offset: 3,
      refusedMs: REFUSED_MS,
      stage: 'parse',
      cause: 'INVALID_EVENT',
      message: 'no object',
      from: { topic: 'raw-logs', partition: 2, offset: 77 },
      origin: { topic: 'raw-logs', partition: 2, offset: 77, appended_ms: REFUSED_MS - 50, epoch: null },
      attempt: 1,
      predecessor: null,
    });
  });

  it('is read without any header, and then has no way back', () => {
    const letter = letterOf({ ...refused(), headers: {} });
    expect(letter).toMatchObject({ stage: 'unknown', cause: 'unknown', from: null, origin: null });
    expect(wayBack(letter, options())).toEqual({
      ok: false,
      reason: 'its headers do not say where it came from',
    });
  });

  it.each([
    ['3/12', { partition: 3, offset: 12 }],
    ['3', null],
    ['3/', null],
    ['a/1', null],
    ['-1/2', null],
    ['1/2/3', null],
  ])('is named %s', (name, position) => {
    expect(positionOf(name)).toEqual(position);
    if (position) expect(nameOf(position)).toBe(name);
  });
});

describe('the way back', () => {
  it('is the topic and partition that the record was in, bytes, key and headers as they were', () => {
    const record = sent(letterOf(refused()));
    expect(record).toMatchObject({ topic: 'raw-logs', partition: 2, key: Buffer.from('stream') });
    expect(record.value).toEqual(Buffer.from('a line'));
    expect(Object.keys(record.headers)).toEqual(['shipper', REDRIVE_HEADER]);
    expect(record.redrive).toEqual({
      letter: { partition: 2, offset: 3 },
      attempt: 1,
      origin: { topic: 'raw-logs', partition: 2, offset: 77, appended_ms: REFUSED_MS - 50, epoch: null },
      again: false,
    });
  });

  it('says of all that comes of a second redrive that it is one more copy', () => {
    const way = wayBack(letterOf(refused()), options(), true);
    if (!way.ok) throw new Error(way.reason);
    const headers = { [REDRIVE_HEADER]: Buffer.from(way.record.headers[REDRIVE_HEADER] as string) };
    expect(redriveOf({ headers })!.again).toBe(true);
    const refusedAgain = letterOf(refused({ headers, offset: 91 }, 'parse', 5));
    expect(sent(refusedAgain).redrive.again).toBe(true);
  });

  it('keeps the origin and counts the attempt of data that are refused again', () => {
    const { headers } = sent(letterOf(refused()));
    const second = letterOf(refused({ headers, offset: 90, timestampMs: REFUSED_MS }, 'parse', 4));
    expect(second).toMatchObject({ attempt: 2, predecessor: { partition: 2, offset: 3 } });
    expect(second.from).toMatchObject({ offset: 90 });
    expect(second.origin).toMatchObject({ offset: 77, appended_ms: REFUSED_MS - 50 });
    expect(sent(second).redrive).toMatchObject({ attempt: 2, letter: { partition: 2, offset: 4 } });
  });

  it('gives data of a topic that was made anew since an identity that meets no other', () => {
    const epochs = new Map([['raw-logs', { created_ms: REFUSED_MS + 1 }]]);
    expect(sent(letterOf(refused()), { epochs }).redrive.origin.epoch).toBe('letter/2/3');
    const older = new Map([['raw-logs', { created_ms: REFUSED_MS }]]);
    expect(sent(letterOf(refused()), { epochs: older }).redrive.origin.epoch).toBeNull();
  });

  it('is closed where the topic is gone or takes no record so large', () => {
    expect(wayBack(letterOf(refused({ topic: 'gone' })), options())).toMatchObject({ ok: false });
    const large = letterOf(refused({ value: Buffer.alloc(2_000) }));
    expect(wayBack(large, options())).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/raw-logs takes 2000/),
    });
  });

  const refusedEvent = (more: object) =>
    letterOf(
      refused(
        { topic: 'agent-events', value: codec.encode('agent-event', sampleEvent(more)) },
        'surreal-sink',
      ),
    );
  const packOf = (value: Buffer | null) => {
    const read = codec.decode<ParsedPack>(value!, ['parsed-pack']);
    if (!read.ok) throw new Error(read.error.message);
    return read.value.value.entries;
  };

  it('of an event that a store refused is trace, as a later form of itself', () => {
    const letter = refusedEvent({
      group_key: 'session:S',
      group_id: 'g',
      trace_id: 'g',
      flags: ['state_lost', 'clock_skew'],
    });
    const record = sent(letter);
    expect(record).toMatchObject({ topic: 'parsed-events', partition: partitionOf('session:S', 6) });
    const [entry, ...others] = packOf(record.value);
    expect(others).toEqual([]);
    expect(entry!.event).toMatchObject({
      home_key: 'session:S',
      amends: true,
      flags: ['clock_skew', 'redriven'],
    });
  });

  it('tells trace where the group went, by the name that the group left, else by the trace of the letter', () => {
    const letter = refusedEvent({ group_key: 'run:x', group_id: 'g', trace_id: 'T0' });
    const told = (rootOf: (traceId: string) => string) =>
      packOf(sent(letter, { rootOf }).value).map(({ bind }) => bind?.trace_id);
    expect(told((id) => id)).toEqual(['T0', undefined]);
    expect(told((id) => (id === 'T0' ? 'T1' : id))).toEqual(['T1', undefined]);
    expect(told((id) => (id === 'g' ? 'T2' : id))).toEqual(['T2', undefined]);
  });

  it('of a part of a continued group, which never moves, is the sinks', () => {
    const letter = refusedEvent({ group_key: 'cont:g:2' });
    expect(sent(letter)).toMatchObject({ topic: 'agent-events', value: letter.value });
  });
});

describe('where traces went', () => {
  it('is followed to its end, and is found though they point at each other', () => {
    const merged = new MergedTraces();
    merged.see({ trace_id: 'a', merged_into: 'b' });
    merged.see({ trace_id: 'b', merged_into: 'c' });
    expect(['a', 'b', 'c', 'd'].map((id) => merged.rootOf(id))).toEqual(['c', 'c', 'c', 'd']);
    merged.see({ trace_id: 'c', merged_into: 'a' });
    expect(['a', 'b', 'c']).toContain(merged.rootOf('a'));
    merged.see({ trace_id: 'a', merged_into: null });
    expect(merged.rootOf('a')).toBe('a');
  });
});

describe('letters are selected', () => {
  const traced = (state: LetterState) => ({ letter: letterOf(refused()), state, trail: null });

  it.each<[string, LetterFilter, boolean]>([
    ['by nothing', {}, true],
    ['by name', { names: new Set(['2/3']) }, true],
    ['by another name', { names: new Set(['2/4']) }, false],
    ['from their own moment on', { sinceMs: REFUSED_MS }, true],
    ['before their own moment', { untilMs: REFUSED_MS }, false],
    ['by topic', { topic: 'raw-logs' }, true],
    ['by another topic', { topic: 'agent-events' }, false],
    ['by stage', { stage: 'parse' }, true],
    ['by another stage', { stage: 'trace' }, false],
    ['by cause', { cause: 'INVALID_EVENT' }, true],
    ['by another cause', { cause: 'PROCESSING' }, false],
    ['by text of the value', { contains: 'a li' }, true],
    ['by text of the key', { contains: 'strea' }, true],
    ['by text of the message', { contains: 'no obj' }, true],
    ['by text that is nowhere', { contains: 'zebra' }, false],
    ['by state', { state: 'open' }, true],
    ['by another state', { state: 'redriven' }, false],
  ])('%s', (_, filter, expected) => {
    expect(isSelected(traced('open'), filter)).toBe(expected);
  });

  it('by their last attempt only, unless named', () => {
    expect(isSelected(traced('refused again'), {})).toBe(false);
    expect(isSelected(traced('refused again'), { names: new Set(['2/3']) })).toBe(true);
  });

  it('and counted by what they have in common, most first', () => {
    const summary = new LetterSummary('cause');
    for (const state of ['open', 'redriven', 'open'] as const) summary.add(traced(state));
    summary.add({ ...traced('open'), letter: { ...letterOf(refused()), cause: 'PROCESSING' } });
    expect(summary.rows().map(({ cause, letters, open, stage }) => [cause, letters, open, stage])).toEqual([
      ['INVALID_EVENT', 3, 2, '*'],
      ['PROCESSING', 1, 1, '*'],
    ]);
  });
});

describe('bytes that are no UTF-8', () => {
  const letter = { ...letterOf(refused({ value: Buffer.from('café', 'latin1') })), cause: 'INVALID_UTF8' };

  it('are read by the encoding that is named', () => {
    expect((recode(letter, 'windows-1252') as Letter).value!.toString('utf8')).toBe('café');
    expect(recode(letter, 'utf-8')).toBe('its bytes are not utf-8');
    expect(recode({ ...letter, cause: 'PROCESSING' }, 'utf-8')).toEqual({ ...letter, cause: 'PROCESSING' });
  });

  it('need an encoding that there is', () => {
    expect([isEncoding('windows-1252'), isEncoding('nonsense')]).toEqual([true, false]);
  });
});
