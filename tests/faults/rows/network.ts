import { setTimeout as delay } from 'node:timers/promises';
import { kafkaWatcher } from '../../../lib/testing/tcp-proxy.js';
import type { Row } from '../row.js';
import type { Trial } from '../trial.js';

/** Api keys of what a transaction's end consists of: AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit. */
const COMMITTING = [24, 25, 26, 28];
const END_TXN = 26;

const CUTS = 4;
const SHORT_CUTS = 1;
const CUT_MS = 5_000;
const RESETS = 20;
const SHORT_RESETS = 4;

/** Every answer of the broker comes 200 ms later. */
async function slow(trial: Trial): Promise<void> {
  const proxy = trial.system.proxy('kafka');
  await trial.load.reaches(0.1);
  proxy.setDelay(100);
  trial.threw('200 ms of delay');
  await trial.load.reaches(0.9);
  proxy.setDelay(0);
}

/** Nothing passes for 5 s: as when packets are lost, or with every connection reset. */
async function cut(trial: Trial): Promise<void> {
  const proxy = trial.system.proxy('kafka');
  await trial.spread(trial.isShort ? SHORT_CUTS : CUTS, async () => {
    const silent = trial.random.chance(0.5);
    if (silent) proxy.setStill(true);
    else proxy.setDown(true);
    trial.threw(silent ? '5 s of silence' : '5 s of refused connections');
    await delay(CUT_MS);
    proxy.setStill(false);
    proxy.setDown(false);
  });
  await trial.system.ready();
}

/** The connection of a producer is reset at its commit: before the broker hears of it, or before it can answer. */
async function reset(trial: Trial): Promise<void> {
  const proxy = trial.system.proxy('kafka');
  let armed: { apiKeys: number[]; verdict: 'reset-before' | 'reset-after'; done: () => void } | null = null;
  proxy.watch(() =>
    kafkaWatcher((apiKey) => {
      if (!armed?.apiKeys.includes(apiKey)) return 'pass';
      const { verdict, done } = armed;
      armed = null;
      done();
      return verdict;
    }),
  );
  proxy.reset(); // so that requests are told apart from the first byte on
  await trial.spread(trial.isShort ? SHORT_RESETS : RESETS, async () => {
    const verdict = trial.random.chance(0.5) ? 'reset-before' : 'reset-after';
    const apiKeys = trial.random.chance(0.7) ? [END_TXN] : COMMITTING;
    await new Promise<void>((done) => {
      armed = { apiKeys, verdict, done };
    });
    trial.threw(`${verdict === 'reset-before' ? 'reset before' : 'reset after'} a request of a commit`);
  });
  proxy.watch(null);
  await trial.system.ready();
}

const network = (name: string, doc: string, faults: Row['faults'], load?: Row['load']): Row => ({
  name: `network-${name}`,
  doc,
  seeds: 10,
  system: { proxied: ['kafka'] },
  load,
  faults,
});

export const NETWORK_ROWS: Row[] = [
  network('delay', '200 ms between services and broker', slow),
  network('cut', 'no network between services and broker for 5 s', cut),
  network('reset', 'connections are reset in mid-commit', reset),
];
