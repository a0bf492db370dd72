import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStack, type TestStack } from '../../testing/stack.js';
import type { SurrealStore } from './connection.js';
import { scanFacts } from './facts.js';
import { connectTestStore, sampleEvent } from './fixtures.js';
import { writeEvents } from './writes.js';

const FIRST_MS = 1_767_800_000_000;
const EVENTS = 150;
const ids = Array.from({ length: EVENTS }, (_, n) => `event-${String(n).padStart(3, '0')}`);

let stack: TestStack;
let store: SurrealStore;
beforeAll(async () => {
  stack = await startStack({ surreal: true });
  store = await connectTestStore(stack.env);
  await writeEvents(
    store,
    ids.map((event_id, n) => sampleEvent({ event_id, timestamp_ms: FIRST_MS + n * 1_000 })),
  );
});
afterAll(async () => {
  await store?.close();
  await stack?.stop();
});

it.each(['desc', 'asc'] as const)(
  'reads every fact exactly once, %s, where windows are full and the engine is slow for a while',
  async (order) => {
    let asked = 0;
    const slow: SurrealStore = {
      ...store,
      query: async (sql, bindings, timeoutMs) => {
        const answer = await store.query(sql, bindings, timeoutMs);
        // longer than what makes the next window a smaller one
        if (++asked < 5) await delay(420);
        return answer as never;
      },
    };
    const read: string[] = [];
    const scan = scanFacts<null>(slow, {
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      order,
      after: null,
      select: 'NONE',
      conditions: [],
      bindings: {},
      budgetMs: 60_000,
      mostRows: 20,
    });
    for await (const { rows } of scan) for (const { key } of rows) read.push(key[1]);
    expect(read).toEqual(order === 'asc' ? ids : [...ids].reverse());
  },
);
