import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import { healthOf } from '../probes.js';
import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

const DOWN_MS = 15_000;
const SHORT_DOWN_MS = 5_000;
const SAID_LIMIT_MS = 20_000;
/** Those that ask the registry before they can work. */
const ASKING = ['gateway', 'processor-0', 'surreal-sink-0', 'qdrant-sink-0'];

/** What a service says of itself names the registry. */
async function says(trial: Trial, slot: string): Promise<void> {
  let last = '';
  const named = async () => {
    const { ready, state } = await healthOf(trial.system.service(slot));
    last = state;
    return !ready && /registry/i.test(state);
  };
  await waitFor(`${slot} to say that it waits for the registry`, named, { limitMs: SAID_LIMIT_MS }).catch(
    () => {
      trial.complaints.push(`${slot} does not say that it waits for the registry: '${last}'`);
    },
  );
}

/** The registry is away when services start. */
async function atStart(trial: Trial): Promise<void> {
  const { system } = trial;
  const registry = system.stack.part('registry');
  await trial.load.reaches(0.3);
  await registry.kill();
  trial.threw('registry down at the start of every service');
  await Promise.all(ASKING.map((slot) => system.service(slot).kill()));
  await Promise.all(ASKING.map((slot) => says(trial, slot)));
  await delay(trial.isShort ? SHORT_DOWN_MS : DOWN_MS);
  await registry.restart();
  await system.ready();
}

/** The registry goes while everything runs: what has its schemas needs it no more. */
async function running(trial: Trial): Promise<void> {
  const { system } = trial;
  const registry = system.stack.part('registry');
  await trial.load.reaches(0.2);
  await registry.kill();
  trial.threw('registry down while services run');
  await moment(trial.random, 2_000);
  await trial.fresh(['surreal', 'qdrant']);
  await delay(trial.isShort ? SHORT_DOWN_MS : DOWN_MS);
  for (const slot of ASKING) {
    const { ready, state } = await healthOf(system.service(slot));
    if (!ready) trial.complaints.push(`${slot} needs the registry though it has its schemas: '${state}'`);
  }
  await registry.restart();
}

export const REGISTRY_ROWS: Row[] = [
  { name: 'registry-at-start', doc: 'the registry is down when services start', seeds: 3, faults: atStart },
  { name: 'registry-running', doc: 'the registry is down while services run', seeds: 3, faults: running },
];
