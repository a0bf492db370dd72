import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import type { TcpProxy, Watcher } from '../../../lib/testing/tcp-proxy.js';
import { HalvingProxy } from '../halving-proxy.js';
import { healthOf, lagOf } from '../probes.js';
import { residentMbAround } from '../process-state.js';
import type { Row } from '../row.js';
import type { Trial } from '../trial.js';

type Store = 'surreal' | 'qdrant';

const other = (store: Store): Store => (store === 'surreal' ? 'qdrant' : 'surreal');
const sinkOf = (store: Store): string => `${store}-sink-0`;

const DOWN_MS = 300_000;
const SHORT_DOWN_MS = 20_000;
/** What a sink has read before it notices, and the garbage of that, settles in this time. */
const NOTICED_MS = 10_000;
const PROBE_EVERY_MS = 30_000;
/** Greatest growth of the waiting sink's resident memory. */
const GROWTH = 1.2;
/** Most events that wait for the store when it comes back: what came before it went is sent faster. */
const BACKLOG_EVENTS = 12_000;
const CAUGHT_UP_RECORDS = 500;
const CATCH_UP_LIMIT_MS = 120_000;

/** A store is away; the sink waits, says so and does not grow, and the other store gets everything in time. */
async function down(trial: Trial, store: Store): Promise<void> {
  const { system } = trial;
  const downMs = trial.isShort ? SHORT_DOWN_MS : DOWN_MS;
  await trial.load.reaches(Math.max(0.2, 1 - BACKLOG_EVENTS / trial.options.events));
  trial.load.goOnAt(BACKLOG_EVENTS / (downMs / 1_000));
  const sink = system.service(sinkOf(store));
  const waiting = async () => lagOf(await healthOf(sink));
  // what waits for the store later came while it was away
  await waitFor('the sink to catch up', async () => (await waiting()) < CAUGHT_UP_RECORDS, {
    limitMs: CATCH_UP_LIMIT_MS,
  });
  system.proxy(store).setDown(true);
  trial.threw(`${store} down for ${downMs / 1_000} s`);
  const backMs = Date.now() + downMs;
  await delay(NOTICED_MS);
  const { ready, state } = await healthOf(sink);
  if (ready || !state.includes(store === 'surreal' ? 'SurrealDB' : 'Qdrant'))
    trial.complaints.push(`${sinkOf(store)} does not say that its store is down: '${state}'`);
  const { pid } = sink.service;
  const { first, last } = await residentMbAround(pid, async () => {
    while (Date.now() < backMs) {
      const probeMs = Date.now();
      await trial.fresh([other(store)]);
      await delay(Math.max(0, Math.min(probeMs + PROBE_EVERY_MS, backMs) - Date.now()));
    }
  });
  trial.figures.waiting_sink_mb_first = Math.round(first);
  trial.figures.waiting_sink_mb_last = Math.round(last);
  if (last > first * GROWTH)
    trial.complaints.push(`the waiting sink grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB`);
  if (sink.service.pid !== pid) trial.complaints.push('the waiting sink did not stay the same process');
  trial.figures.waiting_records = await waiting();
  system.proxy(store).setDown(false);
}

/** Every answer takes half a second. */
async function slow(trial: Trial, store: Store): Promise<void> {
  const proxy = trial.system.proxy(store);
  await trial.load.reaches(0.1);
  proxy.setDelay(250);
  trial.threw(`${store} answers in 500 ms`);
  await trial.load.reaches(0.9);
  proxy.setDelay(0);
}

const CUTS = 12;
const SHORT_CUTS = 3;
/** A batch is larger than a ping. */
const BATCH_BYTES = 2_000;

/**
 * The connection ends in the middle of a batch's statements: what was sent before is done, of what was just sent nobody
 * is told, the rest never arrives.
 */
async function half(trial: Trial, store: Store): Promise<void> {
  const proxy = trial.system.proxy(store);
  await trial.spread(trial.isShort ? SHORT_CUTS : CUTS, async () => {
    await cutOnce(proxy, 1 + trial.random.below(4), trial.random.chance(0.5));
    trial.threw(`${store} cut in mid-batch`);
  });
  await trial.system.ready();
}

/** Resolves when a connection was cut at the n-th larger piece that it sent. */
function cutOnce(proxy: TcpProxy, nth: number, before: boolean): Promise<void> {
  return new Promise((resolve) => {
    let left = nth;
    const watch: Watcher = (bytes) => {
      if (bytes.length < BATCH_BYTES || left === 0 || --left > 0) return 'pass';
      resolve();
      return before ? 'reset-before' : 'reset-after';
    };
    proxy.watch(() => watch);
  });
}

/** Of a batch of points the first half is stored, and nobody is told. */
async function halfPoints(trial: Trial): Promise<void> {
  const halving = await HalvingProxy.start(trial.system.stack.env.QDRANT_URL!);
  const proxy = trial.system.proxy('qdrant');
  const before = proxy.leadTo(() => ({ host: '127.0.0.1', port: halving.port }));
  try {
    await trial.spread(trial.isShort ? SHORT_CUTS : CUTS, async () => {
      await halving.halveOnce();
      trial.threw('half of a batch of points stored');
    });
    await trial.system.ready();
  } finally {
    proxy.leadTo(before);
    await halving.close();
  }
}

const rowsOf = (store: Store): Row[] => [
  {
    name: `${store}-down`,
    doc: `${store} is away for 5 min; the other store is not held up, the waiting sink does not grow`,
    seeds: 3,
    system: { proxied: [store] },
    faults: (trial) => down(trial, store),
  },
  {
    name: `${store}-slow`,
    doc: `${store} answers in 500 ms`,
    seeds: 3,
    system: { proxied: [store] },
    faults: (trial) => slow(trial, store),
  },
  {
    name: `${store}-cut-in-batch`,
    doc: `the connection to ${store} is cut in the middle of a batch's statements`,
    seeds: 3,
    system: { proxied: [store] },
    faults: (trial) => half(trial, store),
  },
];

export const STORE_ROWS: Row[] = [
  ...rowsOf('surreal'),
  ...rowsOf('qdrant'),
  {
    name: 'qdrant-half-applied',
    doc: 'Qdrant stores half of a batch and gives no answer',
    seeds: 3,
    system: { proxied: ['qdrant'] },
    faults: halfPoints,
  },
];
