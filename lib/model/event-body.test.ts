import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { canonicalEventBody, eventIdentityOf, eventTimeMs } from './event-body.js';
import type { EventBody } from './events.js';
import { eventId } from './ids.js';
import { parseJsonText } from './json-text.js';
import { readTimestamp } from './timestamp.js';

// properties take their time on a machine that is busy
vi.setConfig({ testTimeout: 60_000 });

const body = (more: Partial<EventBody> = {}): EventBody => ({
  timestamp: '2026-01-07T19:00:00Z',
  properties: { tool_name: 'web_search' },
  ...more,
});
const idOf = (event: EventBody) => eventId(eventIdentityOf(event));

describe('readTimestamp', () => {
  it.each([
    ['2026-01-07T19:00:00Z', '2026-01-07T19:00:00.000Z'],
    ['2026-01-07T20:00:00+01:00', '2026-01-07T19:00:00.000Z'],
    ['2026-01-07 19:00:00+00', '2026-01-07T19:00:00.000Z'],
    ['2026-01-07t19:00z', '2026-01-07T19:00:00.000Z'],
    ['2026-01-07T19:00:00.5Z', '2026-01-07T19:00:00.500Z'],
    ['2026-01-07T19:00:00.123456+00:00', '2026-01-07T19:00:00.123456Z'],
    ['2026-01-07T19:00:00.123000Z', '2026-01-07T19:00:00.123Z'],
    ['2024-02-29T00:00:00-05:30', '2024-02-29T05:30:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (given, text) => {
    const read = readTimestamp(given);
    expect(read).toEqual({ ok: true, ms: Date.parse(text), text });
  });

  it.each([
    [undefined, 'is required'],
    [null, 'is required'],
    [1767812400, 'not the number 1767812400'],
    [{}, 'must be an ISO 8601 string'],
    ['', 'is not an ISO 8601 time'],
    ['yesterday', 'is not an ISO 8601 time'],
    ['2026-01-07T19:00:00', 'has no offset'],
    ['2026-01-07', 'has no offset'],
    ['2026-02-29T00:00:00Z', 'names no moment'],
    ['2026-13-01T00:00:00Z', 'names no moment'],
    ['2026-01-00T00:00:00Z', 'names no moment'],
    ['2026-01-07T24:00:00Z', 'names no moment'],
    ['2026-01-07T19:00:60Z', 'names no moment'],
    ['2026-01-07T19:00:00+24:00', 'offset beyond'],
    ['1969-12-31T23:59:59Z', 'outside the years'],
    ['9999-12-31T23:59:59-01:00', 'outside the years'],
  ])('refuses %j', (given, reason) => {
    const read = readTimestamp(given);
    expect(read.ok ? read : read.reason).toContain(reason);
  });

  it('agrees with Date on every moment that Date can spell', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(readTimestamp(date.toISOString())).toEqual({
            ok: true,
            ms: date.getTime(),
            text: date.toISOString(),
          });
        },
      ),
    );
  });
});

describe('the identity of an event', () => {
  it('is the same for the same event in another spelling', () => {
    const first = body({ properties: { a: 1, b: { c: 2, d: 3 } }, session_id: 's' });
    const again = {
      session_id: 's',
      event_type: null,
      agent_id: '',
      properties: { b: { d: 3, c: 2 }, a: 1 },
      timestamp: '2026-01-07T20:00:00.000+01:00',
      unknown: 1,
    } as unknown as EventBody;
    expect(idOf(again)).toBe(idOf(first));
  });

  it('differs where any known field differs', () => {
    const ids = [
      body(),
      body({ timestamp: '2026-01-07T19:00:00.001Z' }),
      body({ timestamp: '2026-01-07T19:00:00.000001Z' }),
      body({ event_type: 'tool_call' }),
      body({ agent_id: 'x' }),
      body({ session_id: 'x' }),
      body({ trace_id: 'x' }),
      body({ framework: 'x' }),
      body({ properties: {} }),
      body({ source: { system: 'x' } }),
    ].map(idOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is the client's own where it gives one, whatever else it says", () => {
    expect(idOf(body({ event_id: 'mine', source: { system: 'cloudwatch', log_id: '1' } }))).toBe('mine');
  });

  it("is the source's where the line has an id there, whatever the properties say", () => {
    const source = { system: 'cloudwatch', log_group: '/aws/lambda/a', log_stream: 's', log_id: '1' };
    expect(idOf(body({ source, properties: { other: 1 } }))).toBe(idOf(body({ source })));
    expect(idOf(body({ source: { ...source, log_stream: 't' } }))).not.toBe(idOf(body({ source })));
  });

  it('takes an all-zero trace id for none', () => {
    expect(idOf(body({ trace_id: '0'.repeat(32) }))).toBe(idOf(body()));
  });

  it('survives the way over the topic: the canonical text of a parsed canonical text is itself', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.option(fc.string()),
        (properties, id) => {
          const event = body({ properties, session_id: id ?? undefined });
          const text = canonicalEventBody(event);
          const received = JSON.parse(text) as EventBody;
          expect(canonicalEventBody(received)).toBe(text);
          expect(idOf(received)).toBe(idOf(event));
        },
      ),
    );
  });

  it('has its time in milliseconds', () => {
    expect(eventTimeMs(body({ timestamp: '2026-01-07T19:00:00.1239Z' }))).toBe(
      Date.parse('2026-01-07T19:00:00.123Z'),
    );
  });
});

describe('parseJsonText', () => {
  it.each([
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['[-12345678901234567890]', ['-12345678901234567890']],
    [
      '{"safe":9007199254740991,"float":12345678901234567890.5}',
      { safe: 9007199254740991, float: 12345678901234567000 },
    ],
    [
      '{"text":"a: 9007199254740993, \\"9007199254740993"}',
      { text: 'a: 9007199254740993, "9007199254740993' },
    ],
    ['[3.14159265358979323,1234567890123456789]', [Math.PI, '1234567890123456789']],
    ['{"exp":12345678901234567e3}', { exp: 12345678901234567e3 }],
  ])('reads %s', (text, value) => {
    expect(parseJsonText(text)).toEqual(value);
  });

  it('reads a string of five million characters', () => {
    const long = '\\n"'.repeat(1_250_000);
    const text = JSON.stringify([long, 1]).replace(',1]', ',1234567890123456789]');
    expect(parseJsonText(text)).toEqual([long, '1234567890123456789']);
  });

  it('refuses what JSON.parse refuses', () => {
    for (const text of [
      '{"a":0123456789012345678}',
      '{12345678901234567890:1}',
      '[1234567890123456789',
      '',
    ]) {
      expect(() => parseJsonText(text)).toThrow(SyntaxError);
    }
  });

  it('equals JSON.parse on every value without large integers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        expect(parseJsonText(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
