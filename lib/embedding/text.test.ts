import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../model/json.js';
import { embeddingText } from './text.js';

const text = (properties: unknown, event_type = 'tool_call') =>
  embeddingText({ event_type, properties: canonicalJson(properties) });

describe('the text of an event', () => {
  it('is its strings, numbers and booleans as "key: value" lines, in the order of the keys', () => {
    expect(text({ tool_name: 'search', ok: true, duration_ms: 12.5 })).toBe(
      'duration_ms: 12.5\nok: true\ntool_name: search',
    );
  });

  it('leaves arrays, nested objects, null and blank strings out', () => {
    expect(text({ a: [1], b: { c: 'x' }, d: null, e: '  ', f: 'kept' })).toBe('f: kept');
  });

  it.each([[{}], [{ nested: { a: 1 } }], [[1, 2]], [null]])(
    'is the event type when the properties %j say nothing',
    (properties) => {
      expect(text(properties)).toBe('tool_call');
    },
  );

  it('keeps zero and false, which say something', () => {
    expect(text({ retries: 0, cached: false })).toBe('cached: false\nretries: 0');
  });

  it('takes integers above 2^53 as the strings that they travel as', () => {
    expect(text({ id: 2n ** 60n })).toBe('id: 1152921504606846976');
  });
});
