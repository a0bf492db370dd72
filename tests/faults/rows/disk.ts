import { statfsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import { SmallDisk } from '../../pipeline/small-disk.js';
import { healthOf } from '../probes.js';
import type { Row } from '../row.js';
import type { Trial } from '../trial.js';

const DISK_MB = 1_500;
/** What is left on the disk when it begins to fill. */
const LEFT_MB = 4;
const FULL_LIMIT_MS = 120_000;
const FULL_MS = 10_000;
const SHORT_FULL_MS = 3_000;
const RESTART_EVERY_MS = 1_000;
const BACK_LIMIT_MS = 60_000;
const MB = 1024 * 1024;

/** The disk of the broker fills, the broker ends as it does then, is started again and again, and gets room at last. */
async function full(trial: Trial): Promise<void> {
  const { system } = trial;
  const kafka = system.stack.part('kafka');
  const ballast = join(system.kafkaDisk!, 'ballast');
  await trial.load.reaches(0.3);
  const { bavail, bsize } = statfsSync(system.kafkaDisk!);
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - LEFT_MB * MB))).catch((error) => {
    // the broker took the rest meanwhile
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  });
  trial.threw('disk of the broker full');
  await waitFor('the broker to end on its full disk', async () => !(await kafka.running()), {
    limitMs: FULL_LIMIT_MS,
  });
  const roomMs = Date.now() + (trial.isShort ? SHORT_FULL_MS : FULL_MS);
  await says(trial);
  let hasRoom = false;
  const limit = Date.now() + BACK_LIMIT_MS;
  // as whatever keeps the broker would: again and again, with or without room
  for (;;) {
    if (!hasRoom && Date.now() >= roomMs) {
      await rm(ballast);
      hasRoom = true;
    }
    try {
      await kafka.restart();
      if (hasRoom) break;
    } catch (error) {
      if (Date.now() > limit) throw error;
    }
    await delay(RESTART_EVERY_MS);
  }
  await system.ready();
}

/** Every service says that it is not ready, and that it is Kafka that it misses. */
async function says(trial: Trial): Promise<void> {
  for (const slot of ['gateway', 'processor-0', 'surreal-sink-0', 'qdrant-sink-0']) {
    let last = '';
    await waitFor(
      `${slot} to say what it misses`,
      async () => {
        const { ready, state } = await healthOf(trial.system.service(slot));
        last = state;
        return !ready && /kafka|broker|connect|group/i.test(state);
      },
      { limitMs: 20_000 },
    ).catch(() => trial.complaints.push(`${slot} does not say that Kafka is away: '${last}'`));
  }
}

export const DISK_ROWS: Row[] = [
  {
    name: 'disk-full',
    doc: 'the disk of the broker is full; it gets room, and nobody lends a hand',
    seeds: 3,
    impossible: () =>
      SmallDisk.isPossible ? null : 'a disk of its own takes the right to mount one: run it as root',
    system: { kafkaDiskMb: DISK_MB },
    faults: full,
  },
];
