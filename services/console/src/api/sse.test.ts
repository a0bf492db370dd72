import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentEventReader } from './sse.js';

const read = (...chunks: string[]) => {
  const reader = new SentEventReader();
  return { events: chunks.flatMap((chunk) => reader.take(chunk)), reader };
};

describe('a stream of server-sent events', () => {
  it('is read with names, ids, data of several lines, comments and a time to come again', () => {
    const { events, reader } = read(
      'retry: 2000\nevent: hello\ndata: {}\n\n: alive\n\nid: a.7\nevent: event\ndata: 1\ndata:2\n\ndata: x\n\n',
    );
    expect(events).toEqual([
      { event: 'hello', data: '{}', id: null },
      { event: 'event', data: '1\n2', id: 'a.7' },
      { event: 'message', data: 'x', id: 'a.7' },
    ]);
    expect(reader.retryMs).toBe(2_000);
  });

  it('tells nothing of an event that is not over', () => {
    expect(read('event: event\ndata: 1\n').events).toEqual([]);
  });

  it('is the same however it is cut, whatever its lines end with', () => {
    const text = 'id: 1\nevent: event\ndata: {"a":"ä€😀"}\n\n: alive\n\nid: 2\ndata: b\ndata: c\n\n';
    const whole = read(text).events;
    expect(whole).toHaveLength(2);
    fc.assert(
      fc.property(fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(text.length)), (end, cuts) => {
        const sent = `${text.replaceAll('\n', end)}:\n`;
        const places = [0, ...[...cuts].sort((a, b) => a - b), sent.length];
        const chunks = places.slice(1).map((to, index) => sent.slice(places[index], to));
        expect(read(...chunks).events).toEqual(whole);
      }),
    );
  });
});
