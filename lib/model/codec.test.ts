import { describe, expect, it } from 'vitest';
import { loadSchemas } from '../config/schemas.js';
import { Codec } from './codec.js';
import type { RawLog } from './events.js';

const schemas = loadSchemas();
const raw: RawLog = { message: 'x', timestamp_ms: 5, source: null, event: null, options: null };

describe('the codec', () => {
  it('reads what it has written', () => {
    const codec = Codec.local(schemas);
    const read = codec.decode<RawLog>(codec.encode('raw-log', raw), ['raw-log']);
    expect(read.ok && { ...read.value.value }).toEqual(raw);
  });

  it('writes values of any size, small ones after large ones', () => {
    const codec = Codec.local(schemas);
    for (const length of [10, 600_000, 3_000_000, 20]) {
      const message = 'x'.repeat(length);
      const read = codec.decode<RawLog>(codec.encode('raw-log', { ...raw, message }), ['raw-log']);
      expect(read.ok && read.value.value.message.length).toBe(length);
    }
  });

  it.each([
    ['a frame that is too short', Buffer.from([0, 0, 0]), 'AVRO_FRAME'],
    ['an id that nobody knows', Buffer.from([0, 0, 0, 0, 99, 1]), 'UNKNOWN_SCHEMA_ID'],
    ['a body that is cut off', Codec.local(schemas).encode('raw-log', raw).subarray(0, 7), 'AVRO_BODY'],
    ['a schema of another topic', Codec.local(schemas).encode('raw-log', raw), 'WRONG_SCHEMA'],
  ])('refuses %s as a value', (_, bytes, code) => {
    const read = Codec.local(schemas).decode(bytes, code === 'WRONG_SCHEMA' ? ['agent-trace'] : ['raw-log']);
    expect(read.ok ? 'read' : read.error.code).toBe(code);
  });

  it('asks for an id once, and reads an older writer through its schema', () => {
    const codec = Codec.local(schemas);
    const older = JSON.parse(JSON.stringify(schemas['raw-log'])) as { fields: { name: string }[] };
    older.fields = older.fields.filter(({ name }) => name !== 'options');
    const writer = new Codec({ ...schemas, 'raw-log': older as never });
    writer.register('raw-log', 77);
    const bytes = writer.encode('raw-log', raw);
    expect(codec.unknownId(bytes)).toBe(77);
    codec.learn(77, older as never);
    expect(codec.unknownId(bytes)).toBeUndefined();
    const read = codec.decode<RawLog>(bytes, ['raw-log']);
    expect(read.ok && read.value.value.options).toBeNull();
  });

  it('asks again for an id that nobody knew, when told to or once it is forgotten', () => {
    const codec = Codec.local(schemas);
    const bytes = Buffer.from([0, 0, 0, 0, 99, 1]);
    codec.learn(99, null);
    expect([codec.unknownId(bytes), codec.unknownId(bytes, true)]).toEqual([undefined, 99]);
    codec.forgetUnknown(99);
    expect(codec.unknownId(bytes)).toBe(99);
    codec.learn(99, schemas['raw-log']);
    codec.forgetUnknown(99);
    expect([codec.unknownId(bytes), codec.unknownId(bytes, true)]).toEqual([undefined, undefined]);
  });

  it('does not take log text for a frame', () => {
    expect(Codec.local(schemas).unknownId(Buffer.from('plain text'))).toBeUndefined();
  });
});
