import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ArraySplitter } from './array-splitter.js';

vi.setConfig({ testTimeout: 60_000 });

function split(chunks: Buffer[]): { elements: unknown[]; rest: string } {
  const elements: unknown[] = [];
  const splitter = new ArraySplitter('events', (json) => elements.push(JSON.parse(json.toString('utf8'))));
  for (const chunk of chunks) splitter.write(chunk);
  return { elements, rest: splitter.end().toString('utf8') };
}

/** Cuts a text's bytes into pieces of these lengths, again and again. */
function cut(text: string, lengths: number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const length = lengths[n % lengths.length]!;
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const tricky = fc.string({
  unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'é', '\u2028', 'events', ' '),
});
const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 });
const object = fc.dictionary(fc.oneof(tricky, fc.constantFrom('message', 'events')), fc.oneof(tricky, value));

test('gives what JSON.parse gives, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(object, { maxLength: 5 }),
      fc.dictionary(tricky, fc.oneof(tricky, value, fc.record({ events: fc.array(object) }))),
      fc.dictionary(tricky, fc.oneof(tricky, value)),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.constantFrom(undefined, 1),
      (events, before, after, lengths, space) => {
        fc.pre(!('events' in before || 'events' in after));
        const whole = { ...before, events, ...after };
        const found = split(cut(JSON.stringify(whole, null, space), lengths));
        const expected = JSON.parse(JSON.stringify(whole));
        const { elements } = found;
        const rest = JSON.parse(found.rest) as { events: unknown[] };
        expect({ ...rest, events: [...elements, ...rest.events] }).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test.each([
  ['{"nextToken":"a"}', [], '{"nextToken":"a"}'],
  ['{"events":[]}', [], '{"events":[]}'],
  ['{"events":null,"a":[{"b":1}]}', [], '{"events":null,"a":[{"b":1}]}'],
  ['{"a":"events","b":[{"c":1}]}', [], '{"a":"events","b":[{"c":1}]}'],
  ['{"a":{"events":[{"b":1}]}}', [], '{"a":{"events":[{"b":1}]}}'],
  [
    '{"events":[{"a":"]}"},{"a":"\\\\"}],"nextToken":"x"}',
    [{ a: ']}' }, { a: '\\' }],
    '{"events":[],"nextToken":"x"}',
  ],
])('%s', (text, elements, rest) => {
  expect(split([Buffer.from(text)])).toEqual({ elements, rest });
});

test.each(['{"events":[{"a":1},{"a"', '{"events":[{"a":1}', '{"events":[{"a":1}],"next', ''])(
  'what is cut off in the middle (%s) is so in what is left',
  (text) => {
    const { rest } = split([Buffer.from(text)]);
    expect(() => JSON.parse(rest)).toThrow(SyntaxError);
  },
);
