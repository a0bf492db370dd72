// A steady load for as long as one likes, with a kill every few minutes: node dist/tests/faults/soak.js [--minutes N]
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { installParts, requireTools } from '../../deploy/local/prepare.js';
import { Random } from '../../lib/testing/random.js';
import { Load } from './oracle/load.js';
import { Mint } from './oracle/mint.js';
import { metricOf } from './probes.js';
import { residentMb } from './process-state.js';
import { Session } from './session.js';
import { slopeOf } from './slope.js';
import { USUAL_LOAD } from './trial.js';

const SAMPLE_MS = 10_000;
const CALIBRATION_EVENTS = 30_000;
const LOAD_SHARE = 0.7;
/** After its start a process fills its caches: from then on its heap must not grow. */
const WARM_MS = 60_000;
const MOST_GROWTH_MB_PER_HOUR = 60;
const FEWEST_SAMPLES = 12;

const program = new Command('soak')
  .option('--minutes <n>', 'how long', Number, 60)
  .option('--kill-every <minutes>', 'from one kill to the next', Number, 4)
  .option('--rate <events>', 'events a second; left out: 70 % of what it manages in a first minute', Number)
  .option('--seed <n>', 'which process is killed when', Number, Date.now() % 1_000_000)
  .parse();
const options = program.opts<{ minutes: number; killEvery: number; rate?: number; seed: number }>();

/** What one process used at one time. */
interface Sample {
  slot: string;
  pid: number;
  ageMs: number;
  heapMb: number;
  residentMb: number;
  files: number;
}

const parts = ['kafka', 'registry', 'surreal', 'qdrant'];
requireTools(parts);
await installParts(parts, (message) => console.error(message));
const random = new Random(options.seed);
const session = await Session.open({ processors: 2 });
const samples: Sample[] = [];
const bornMs = new Map<number, number>();
let faults: string[] = [];
try {
  const rate = options.rate ?? Math.floor((await capacity()) * LOAD_SHARE);
  console.log(`seed ${options.seed}: ${rate} events a second for ${options.minutes} min`);
  const load = startLoad(Math.ceil(rate * options.minutes * 60), rate, 'soak');
  const endMs = Date.now() + options.minutes * 60_000;
  let killMs = Date.now() + options.killEvery * 60_000;
  let kills = 0;
  while (Date.now() < endMs) {
    await Promise.race([delay(SAMPLE_MS), load.reaches(1)]);
    await sample();
    // the last minutes are for the slopes
    if (Date.now() < killMs || endMs - Date.now() < options.killEvery * 60_000) continue;
    const slot = random.pick([...session.system.services.keys()]);
    await session.system.service(slot).kill();
    kills++;
    killMs += options.killEvery * 60_000;
    console.log(`${new Date().toISOString()} kill -9 ${slot}; ${load.acknowledged} events acknowledged`);
  }
  await load.finish(120_000);
  await session.system.ready();
  faults = [
    ...(await session.inspection.settle(session.ledger)),
    ...session.newUnexpectedEnds(),
    ...report(),
  ];
  console.log(`${session.ledger.acknowledged.size} events, ${kills} kills`);
} finally {
  await session.close();
}
for (const fault of faults) console.log(`       ${fault}`);
console.log(faults.length === 0 ? 'all is well' : `${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

function startLoad(count: number, eventsPerSecond: number, tag: string): Load {
  const mint = new Mint(new Random(options.seed), `${tag}:${options.seed}:${Date.now()}`);
  const load = new Load(
    { ...USUAL_LOAD, count, eventsPerSecond },
    mint,
    session.ledger,
    session.senders,
    random,
  );
  load.start();
  return load;
}

/** Events a second from the first one sent until all are in both stores. */
async function capacity(): Promise<number> {
  const startedMs = Date.now();
  const load = startLoad(CALIBRATION_EVENTS, CALIBRATION_EVENTS, 'calibration');
  await load.finish(300_000);
  const found = await session.inspection.settle(session.ledger);
  if (found.length > 0) throw new Error(`not even without a fault: ${found.join('; ')}`);
  return (CALIBRATION_EVENTS * 1_000) / (Date.now() - startedMs);
}

async function sample(): Promise<void> {
  for (const [slot, kept] of session.system.services) {
    if (!kept.isRunning) continue;
    const { pid } = kept.service;
    if (!bornMs.has(pid)) bornMs.set(pid, Date.now());
    try {
      samples.push({
        slot,
        pid,
        ageMs: Date.now() - bornMs.get(pid)!,
        heapMb: (await metricOf(kept, 'vectadb_nodejs_heap_size_used_bytes')) / 1024 / 1024,
        residentMb: residentMb(pid),
        files: readdirSync(`/proc/${pid}/fd`).length,
      });
    } catch {
      // it was killed this moment; the next sample is of its successor
    }
  }
}

/** Prints each process's slopes, and returns what grows. */
function report(): string[] {
  const table = new Table({
    head: ['service', 'pid', 'minutes', 'heap MB', 'MB/h', 'resident MB', 'files first', 'files last'],
  });
  const grows: string[] = [];
  for (const pid of new Set(samples.map((one) => one.pid))) {
    const mine = samples.filter((one) => one.pid === pid && one.ageMs >= WARM_MS);
    if (mine.length < FEWEST_SAMPLES) continue;
    const [first, last] = [mine[0]!, mine.at(-1)!];
    const slope = slopeOf(mine.map(({ ageMs, heapMb }) => [ageMs / 3_600_000, heapMb]));
    const hours = (last.ageMs - first.ageMs) / 3_600_000;
    table.push([
      first.slot,
      pid,
      Math.round(hours * 60),
      last.heapMb.toFixed(0),
      slope.toFixed(1),
      last.residentMb.toFixed(0),
      first.files,
      last.files,
    ]);
    if (hours >= 0.25 && slope > MOST_GROWTH_MB_PER_HOUR)
      grows.push(`${first.slot} grows by ${slope.toFixed(0)} MB of heap an hour`);
    if (last.files > first.files + 10)
      grows.push(`${first.slot} went from ${first.files} to ${last.files} open files`);
  }
  console.log(table.toString());
  return grows;
}
