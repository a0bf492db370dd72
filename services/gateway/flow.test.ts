import { expect, it, vi } from 'vitest';
import { HOUR_MS } from '../../lib/model/flow-account.js';
import type { SentAccount } from './core/flow.js';
import { Flow } from './flow.js';
import type { FlowPort } from './ports.js';

const HOUR = 490_000;
const NOW_MS = HOUR * HOUR_MS + 30 * 60_000;

it('tells what is missing when two measurements in a row have missed it, and no report while one fails', async () => {
  let stored = 3;
  let fails = false;
  const account = (stage: string, counts: Record<string, number>): SentAccount => ({
    stage,
    partition: 0,
    hour: HOUR,
    counts,
    atMs: NOW_MS - 60_000,
  });
  const source: FlowPort = {
    accounts: async () => [account('parse', { events: 5, sent: 5 }), account('trace', { emitted: 5 })],
    positions: async () => new Map(),
    unread: async () => ({ raw: 0, packs: 0, events: 0, parseOwned: true }),
    close: async () => {},
  };
  const store = {
    storedHours: async () => {
      if (fails) throw new Error('no answer');
      return [{ hour: HOUR, stored, duplicates: 0, dead_letters: 0 }];
    },
  };
  const logger = { error: vi.fn(), warn: vi.fn() };
  const flow = new Flow({ source, store, now: () => NOW_MS, logger });
  expect(flow.report).toEqual({ report: null, failure: 'not measured yet' });
  const total = async () => {
    await flow.measure();
    return flow.report.report?.total;
  };
  expect(await total()).toMatchObject({ accepted: 5, stored: 3, in_flight: 2, unaccounted: 0 });
  expect(await total()).toMatchObject({ accepted: 5, stored: 3, in_flight: 0, unaccounted: 2 });
  expect(logger.error).toHaveBeenCalledOnce();
  stored = 5;
  expect(await total()).toMatchObject({ accepted: 5, stored: 5, in_flight: 0, unaccounted: 0 });
  expect(flow.report.report?.hours).toHaveLength(24);
  fails = true;
  expect(await total()).toBeUndefined();
  expect(flow.report.failure).toBe('no answer');
  fails = false;
  expect(await total()).toMatchObject({ accepted: 5 });
  await flow.close();
  await flow.run();
});
