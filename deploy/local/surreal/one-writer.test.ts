import { CborCodec } from 'surrealdb';
import { describe, expect, it } from 'vitest';
import { peekSql, withOneWriter } from './one-writer.js';

const query = (sql: string) =>
  CborCodec.DEFAULT.encode({ id: 'x', method: 'query', params: [sql, { a: 1 }] });

describe('the text of a query', () => {
  it.each(['SELECT 1', `SELECT ${'x'.repeat(300)}`, `SELECT ${'x'.repeat(70_000)}`])(
    'is read from its frame',
    (sql) => {
      expect(peekSql(query(sql))).toBe(sql);
    },
  );

  it.each([
    CborCodec.DEFAULT.encode({ id: 'x', method: 'ping' }),
    new Uint8Array([0xff]),
    new Uint8Array(),
    query('SELECT 1').subarray(0, 20),
  ])('is not made up from other frames', (frame) => {
    expect(peekSql(frame)).toBeUndefined();
  });
});

describe('one writer', () => {
  it('lets reads pass and holds a write until the one before has ended, even by an error', async () => {
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const engine = withOneWriter({
      execute: (frame) => {
        const sql = peekSql(frame)!;
        started.push(sql);
        return new Promise((resolve, reject) => {
          ends.push(
            sql.startsWith('UPSERT') ? () => reject(new Error('refused')) : () => resolve(new Uint8Array()),
          );
        });
      },
      close: async () => {},
    });
    const first = engine.execute(query('UPSERT a:1 SET v = 1')).catch((error: Error) => error.message);
    const second = engine.execute(query('insert into a {}'));
    const read = engine.execute(query('SELECT * FROM a'));
    await new Promise(setImmediate);
    expect(started).toEqual(['SELECT * FROM a', 'UPSERT a:1 SET v = 1']);
    for (const end of ends.splice(0)) end();
    await read;
    expect(await first).toBe('refused');
    await new Promise(setImmediate);
    expect(started.at(-1)).toBe('insert into a {}');
    for (const end of ends.splice(0)) end();
    await second;
  });
});
