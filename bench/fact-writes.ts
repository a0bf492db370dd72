import type { SurrealStore } from '../lib/stores/surreal/connection.js';
import { connectTestStore, emptyStore } from '../lib/stores/surreal/fixtures.js';
import { median } from '../lib/testing/median.js';
import { startStack } from '../lib/testing/stack.js';
import { cpuMs, sinkOf, storedEvent, surrealPid } from './stored-events.js';

/**
 * What the facts beside events (event_fact) cost the SurrealDB sink: first emissions through its handler, with the statement that
 * writes facts and without it, round about:
 *
 *     npm run build && node --enable-source-maps dist/bench/fact-writes.js [events a round]
 */
const EVENTS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 3;
const FACTS = 'INSERT INTO event_fact $facts_of_new RETURN NONE;';

const stack = await startStack({ surreal: true });
const store = await connectTestStore(stack.env);
try {
  const engine = await surrealPid(stack.env.SURREAL_URL!);
  if (engine === null) throw new Error('this SurrealDB does not say which process it is');
  const withoutFacts: SurrealStore = {
    ...store,
    query: (sql, bindings = {}, timeoutMs) => {
      if (!sql.includes('INSERT IGNORE INTO agent_event')) return store.query(sql, bindings, timeoutMs);
      if (!sql.includes(FACTS)) throw new Error('facts are not written as this bench knows it');
      const { facts: _, ...rest } = bindings as Record<string, unknown>;
      return store.query(sql.replace(FACTS, '').replace(/LET \$facts_of_new = .*/, ''), rest, timeoutMs);
    },
  };
  const events = Array.from({ length: EVENTS }, (_, n) => storedEvent(n, Math.floor(n / 50)));
  const costs: Record<string, number[]> = { 'with facts': [], without: [] };
  const rates: Record<string, number[]> = { 'with facts': [], without: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, used] of [
      ['with facts', store],
      ['without', withoutFacts],
    ] as const) {
      await emptyStore(store);
      const before = cpuMs(engine);
      const started = performance.now();
      await sinkOf(used).events(events);
      if (round === 0) continue; // the first round warms up
      costs[name]!.push(((cpuMs(engine) - before) * 1_000) / EVENTS);
      rates[name]!.push(EVENTS / ((performance.now() - started) / 1_000));
    }
  }
  for (const name of Object.keys(costs)) {
    console.log(
      `${name}: ${Math.round(median(costs[name]!))} µs of the engine's CPU an event, ${Math.round(median(rates[name]!))} events/s (medians of ${ROUNDS} rounds of ${EVENTS})`,
    );
  }
} finally {
  await store.close();
  await stack.stop();
}
process.exit(0);
