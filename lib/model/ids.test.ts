import { v5 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { eventId, isUuid, NAMESPACE, pointId, uuidOf } from './ids.js';

const source = {
  system: 'cloudwatch',
  account: '1',
  region: 'eu',
  log_group: 'g',
  log_stream: 's',
  log_id: '7',
};

describe('ids', () => {
  it.each(['', 'session:req-1', 'trace:ü✓', 'a'.repeat(10_000)])(
    'derive UUIDv5 as the uuid library does',
    (name) => {
      expect(uuidOf(name)).toBe(v5(name, NAMESPACE));
    },
  );

  it('of one source line stay the same and differ from line to line and place to place', () => {
    const of = (log_id: string, index = 0) =>
      eventId({ kind: 'source', source: { ...source, log_id } }, index);
    expect(of('7')).toBe(of('7'));
    expect(new Set([of('7'), of('8'), of('7', 1), of('7', 2)]).size).toBe(4);
  });

  it('given by the client are kept as they are', () => {
    expect(eventId({ kind: 'client', eventId: 'mine' })).toBe('mine');
  });

  it('become points of their own form in Qdrant', () => {
    expect(pointId('F605B431-AE43-4E4B-9194-7D3CF2ED4F16')).toBe('f605b431-ae43-4e4b-9194-7d3cf2ed4f16');
    expect(isUuid(pointId('no uuid'))).toBe(true);
  });
});
