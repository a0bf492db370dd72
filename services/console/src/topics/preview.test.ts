import { describe, expect, it } from 'vitest';
import { previewOf, withProperties } from './preview.js';

describe('a message on one line', () => {
  it.each([
    [
      'an event',
      { event_type: 'tool_call', properties: '{"tool_name":"book_flight"}' },
      'tool_call · book_flight',
    ],
    ['a log line', { message: '\u001b[31mThought: I book\u001b[0m', source: null }, 'Thought: I book'],
    ['another record', { root: 't', revision: 2 }, '{"root":"t","revision":2}'],
    ['text', 'Finished chain.', 'Finished chain.'],
    ['a tombstone', null, 'removes key-1'],
    [
      'what is not as it should be',
      { event_type: 'log', properties: 'no JSON' },
      '{"event_type":"log","properties":"no JSON"}',
    ],
  ])('says what %s says', (_what, value, text) => {
    expect(previewOf({ value, key: 'key-1' })).toBe(text);
  });

  it('is cut where it is long', () => {
    expect(previewOf({ value: 'x'.repeat(1_000), key: null })).toHaveLength(300);
  });
});

it('has its properties as what they hold', () => {
  expect(withProperties({ a: 1, properties: '{"b":[2]}' })).toEqual({ a: 1, properties: { b: [2] } });
  expect(withProperties([1])).toEqual([1]);
});
