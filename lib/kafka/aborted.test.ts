import { describe, expect, it } from 'vitest';
import { committedRecords } from './aborted.js';
import type { RecordBatch } from './record-batch.js';

let offset = 0;
const data = (producerId: bigint, transactional = true): RecordBatch => {
  const at = offset++;
  const record = {
    topic: 't',
    partition: 0,
    offset: at,
    timestampMs: 0,
    key: Buffer.from([0, 0, 0, 0]),
    value: null,
    headers: {},
  };
  return {
    baseOffset: at,
    lastOffset: at,
    producerId,
    transactional,
    control: false,
    abortMarker: false,
    records: [record],
  };
};
const marker = (producerId: bigint, abortMarker: boolean): RecordBatch => {
  const at = offset++;
  return {
    baseOffset: at,
    lastOffset: at,
    producerId,
    transactional: true,
    control: true,
    abortMarker,
    records: [],
  };
};
const offsetsOf = (batches: RecordBatch[], aborted: { producerId: bigint; firstOffset: number }[]) =>
  committedRecords(batches, aborted).map((record) => record.offset);

describe('the filter of aborted records', () => {
  it('drops two interleaved aborted transactions that the broker lists out of order', () => {
    offset = 0;
    const batches = [
      data(1n),
      data(2n),
      data(3n),
      marker(2n, true),
      data(1n),
      marker(1n, true),
      marker(3n, false),
    ];
    const aborted = [
      { producerId: 2n, firstOffset: 1 },
      { producerId: 1n, firstOffset: 0 },
    ];
    expect(offsetsOf(batches, aborted)).toEqual([2]);
  });

  it('drops both of two aborted transactions of one producer and keeps what lies between them', () => {
    offset = 0;
    const batches = [data(1n), marker(1n, true), data(1n), marker(1n, false), data(1n), marker(1n, true)];
    const aborted = [
      { producerId: 1n, firstOffset: 0 },
      { producerId: 1n, firstOffset: 4 },
    ];
    expect(offsetsOf(batches, aborted)).toEqual([2]);
  });

  it('drops the rest of a transaction that began before the fetch', () => {
    offset = 5;
    expect(
      offsetsOf([data(1n), data(9n, false), marker(1n, true)], [{ producerId: 1n, firstOffset: 2 }]),
    ).toEqual([6]);
  });
});
