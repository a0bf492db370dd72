import type { Schema } from 'avsc';
import { describe, expect, it } from 'vitest';
import { incompatibilities } from './compatibility.js';

const record = (fields: object[], name = 'R'): Schema =>
  ({ type: 'record', name, fields }) as unknown as Schema;
const string = (name: string) => ({ name, type: 'string' });

describe('a new version of a schema', () => {
  it.each([
    { title: 'is the same', reader: [string('a')], writer: [string('a')] },
    {
      title: 'has a new field with a default',
      reader: [string('a'), { name: 'b', type: 'int', default: 0 }],
      writer: [string('a')],
    },
    { title: 'has one field less', reader: [string('a')], writer: [string('a'), string('b')] },
    {
      title: 'widens int to long',
      reader: [{ name: 'n', type: 'long' }],
      writer: [{ name: 'n', type: 'int' }],
    },
    {
      title: 'makes a field optional',
      reader: [{ name: 'n', type: ['null', 'string'] }],
      writer: [string('n')],
    },
    {
      title: 'renames a field with an alias',
      reader: [{ name: 'new', type: 'string', aliases: ['old'] }],
      writer: [string('old')],
    },
  ])('reads the data of the old one when it $title', ({ reader, writer }) => {
    expect(incompatibilities(record(reader), record(writer))).toEqual([]);
  });

  it.each([
    {
      title: 'a new field without a default',
      reader: [string('a'), string('b')],
      writer: [string('a')],
      field: 'b',
    },
    {
      title: 'a narrower number',
      reader: [{ name: 'n', type: 'int' }],
      writer: [{ name: 'n', type: 'long' }],
      field: 'n',
    },
    {
      title: 'a field no longer optional',
      reader: [string('n')],
      writer: [{ name: 'n', type: ['null', 'string'] }],
      field: 'n',
    },
    {
      title: 'a field of a record in an array',
      reader: [{ name: 'items', type: { type: 'array', items: record([string('x'), string('y')], 'I') } }],
      writer: [{ name: 'items', type: { type: 'array', items: record([string('x')], 'I') } }],
      field: 'items[].y',
    },
    {
      title: 'a field of an optional record',
      reader: [{ name: 'in', type: ['null', record([{ name: 'x', type: 'int' }], 'I')] }],
      writer: [{ name: 'in', type: ['null', record([{ name: 'x', type: 'long' }], 'I')] }],
      field: 'in.x',
    },
    {
      title: 'the values of a map',
      reader: [{ name: 'm', type: { type: 'map', values: 'int' } }],
      writer: [{ name: 'm', type: { type: 'map', values: 'string' } }],
      field: 'm{}',
    },
  ])('is refused with the place of $title', ({ reader, writer, field }) => {
    expect(incompatibilities(record(reader), record(writer)).map((one) => one.field)).toEqual([field]);
  });

  it('is refused with every place at once', () => {
    const found = incompatibilities(
      record([string('a'), { name: 'n', type: 'int' }]),
      record([{ name: 'n', type: 'long' }]),
    );
    expect(found.map(({ field }) => field)).toEqual(['a', 'n']);
  });

  it('is refused under another name', () => {
    expect(incompatibilities(record([], 'A'), record([], 'B'))).toHaveLength(1);
  });
});
