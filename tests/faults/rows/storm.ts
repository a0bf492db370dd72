import { setTimeout as delay } from 'node:timers/promises';
import { healthOf } from '../probes.js';
import type { Row } from '../row.js';
import { type Trial, USUAL_LOAD } from '../trial.js';

const STORM_MS = 120_000;
const SHORT_STORM_MS = 10_000;
const EVERY_MS = 2_000;
const MOST_PROCESSORS = 4;
/** Half of the machine's work is starts and joins; what is left to send afterwards is sent as usual. */
const STORM_EVENTS_PER_SECOND = 170;
const STABLE_MS = 10_000;
const STABLE_LIMIT_MS = 90_000;

/** An instance joins or leaves every 2 s, in good order or by SIGKILL; then membership comes to rest. */
async function storm(trial: Trial): Promise<void> {
  const { system, random } = trial;
  const leaving: Promise<void>[] = [];
  const until = Date.now() + (trial.isShort ? SHORT_STORM_MS : STORM_MS);
  for (let joined = 2; Date.now() < until; ) {
    await delay(EVERY_MS);
    const slots = [...system.services.keys()].filter((slot) => slot.startsWith('processor'));
    const joins = slots.length === 1 || (slots.length < MOST_PROCESSORS && random.chance(0.5));
    if (joins) system.add('processor', `processor-${joined++}`);
    else leaving.push(system.remove(random.pick(slots), random.chance(0.5) ? 'kill' : 'stop'));
    trial.threw(joins ? 'join' : 'leave');
  }
  await Promise.all(leaving);
  await stability(trial);
  trial.load.goOnAt(USUAL_LOAD.eventsPerSecond);
}

/** Resolves when no group of the processors has been in motion for 10 s. */
async function stability(trial: Trial): Promise<void> {
  const limit = Date.now() + STABLE_LIMIT_MS;
  let before = '';
  let since = Date.now();
  while (Date.now() - since < STABLE_MS) {
    if (Date.now() > limit) {
      trial.complaints.push(`membership is not stable ${STABLE_LIMIT_MS} ms after the storm: ${before}`);
      return;
    }
    const now = await membership(trial);
    if (now !== before) since = Date.now();
    before = now;
    await delay(200);
  }
}

/** Every group's generations and owned partitions, as one text. */
async function membership({ system }: Trial): Promise<string> {
  const told = system.named('processor').map(async (kept) => {
    const health = await healthOf(kept).catch(() => null); // it is only starting: not yet stable
    if (!health?.ready) return `${Date.now()}`;
    return (health.details?.stages ?? [])
      .map(({ stage, generation, partitions }) => `${stage} ${generation} ${partitions.length}`)
      .join(', ');
  });
  return (await Promise.all(told)).join('; ');
}

export const STORM_ROWS: Row[] = [
  {
    name: 'rebalance-storm',
    doc: 'a processor joins or leaves every 2 s for 2 min',
    seeds: 5,
    system: { processors: 2 },
    load: { eventsPerSecond: STORM_EVENTS_PER_SECOND },
    freshLimitMs: 10_000,
    faults: storm,
  },
];
