import { describe, expect, test } from 'vitest';
import { StoreRefusedError, StoreUnavailableError } from '../../lib/stores/surreal/errors.js';
import { writeOrIsolate } from './bisect.js';

function fakeStore(isBad: (item: number) => boolean, probeFails = false) {
  const written: number[] = [];
  const refused: number[] = [];
  let calls = 0;
  return {
    written,
    refused,
    calls: () => calls,
    attempt: {
      write: async (items: number[]) => {
        calls++;
        if (items.some(isBad)) throw new StoreRefusedError('field has the wrong type');
        written.push(...items);
      },
      probe: async () => {
        if (probeFails) throw new StoreRefusedError('the disk is full');
      },
      refused: async (item: number) => {
        refused.push(item);
      },
      signal: new AbortController().signal,
      onRetry: () => {},
    },
  };
}
const items = Array.from({ length: 500 }, (_, index) => index);

describe('writeOrIsolate', () => {
  test('what the store refuses stands alone, everything else is written once', async () => {
    const store = fakeStore((item) => item === 7 || item === 499);
    await writeOrIsolate(items, store.attempt);
    expect(store.refused).toEqual([7, 499]);
    expect(store.written).toEqual(items.filter((item) => item !== 7 && item !== 499));
    expect(store.calls()).toBeLessThan(50);
  });

  test('a store that refuses everything costs no item its place', async () => {
    const store = fakeStore(() => true, true);
    await expect(writeOrIsolate(items, store.attempt)).rejects.toThrow('the disk is full');
    expect(store.refused).toEqual([]);
  });

  test('a store that is down is not asked again and again', async () => {
    let calls = 0;
    const attempt = {
      ...fakeStore(() => false).attempt,
      write: async () => {
        calls++;
        throw new StoreUnavailableError('down');
      },
    };
    await expect(writeOrIsolate(items, attempt)).rejects.toThrow('down');
    expect(calls).toBe(1);
  });

  test('a conflict is tried again as a whole', async () => {
    let calls = 0;
    let retries = 0;
    const attempt = {
      ...fakeStore(() => false).attempt,
      write: async () => {
        if (++calls < 3) throw new StoreRefusedError('Transaction conflict: this can be retried');
      },
      onRetry: () => {
        retries++;
      },
    };
    await writeOrIsolate(items, attempt);
    expect([calls, retries]).toEqual([3, 2]);
  });
});
