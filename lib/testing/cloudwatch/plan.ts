import { Random } from '../random.js';
import { type FaultProfile, NO_FAULTS, type Visibility } from './faults.js';
import { STS_FAULTS, type StsFault } from './identities.js';
import { PLACES } from './places.js';

/** One thing that a run does. Times in milliseconds: `backMs` before the moved clock's now, `advanceMs` of that clock, `realMs` of ours. */
export type Step =
  | { kind: 'put'; group: number; stream: number; backMs: number[] }
  | { kind: 'advance'; advanceMs: number }
  | { kind: 'work'; realMs: number }
  | { kind: 'kill'; poller: number }
  | { kind: 'stop'; poller: number }
  | { kind: 'join' }
  | { kind: 'leave'; kill: boolean }
  | { kind: 'outage'; realMs: number }
  | { kind: 'broker-pause'; realMs: number }
  | { kind: 'expired-credentials' }
  /** Roles' credentials end, and STS gives no new ones for a while. */
  | { kind: 'sts'; fault: StsFault; realMs: number };

/** A log group of a run. Groups of one name in several places are several groups. */
export interface PlannedGroup {
  /** Index of PLACES. */
  place: number;
  name: string;
}

/** What a seed stands for. */
export interface Plan {
  seed: number;
  /** Log groups; each is made when something is first put into it. */
  groups: PlannedGroup[];
  profile: FaultProfile;
  visibility: Visibility;
  batchSize: number;
  steps: Step[];
}

const MINUTE_MS = 60_000;
const MAX_DELAY_MS = 30 * MINUTE_MS;

/** The schedule of a run: what is put, which faults are served, when the clock moves, who is killed, joins and leaves. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const groups = groupsOf(random);
  const steps: Step[] = [];
  let pollers = 1;
  const rounds = 6 + random.below(6);
  for (let round = 0; round < rounds; round++) {
    const puts = 1 + random.below(3);
    for (let put = 0; put < puts; put++) {
      steps.push({
        kind: 'put',
        group: random.below(groups.length),
        stream: random.below(5),
        backMs: timesOf(random),
      });
    }
    if (random.chance(0.8)) steps.push({ kind: 'work', realMs: random.below(700) });
    if (random.chance(0.6)) steps.push({ kind: 'advance', advanceMs: advanceOf(random) });
    const happening = disturbance(random, pollers);
    if (happening) steps.push(happening);
    if (random.chance(0.4)) steps.push(credentialFault(random));
    if (happening?.kind === 'join') pollers++;
    if (happening?.kind === 'leave') pollers--;
  }
  return {
    seed,
    groups,
    profile: profileOf(random),
    visibility: { late: random.next() * 0.6, maxDelayMs: 1 + random.below(MAX_DELAY_MS) },
    batchSize: random.pick([5, 20, 100, 1_000]),
    steps,
  };
}

/** Few names in four places, so that most are in several. */
function groupsOf(random: Random): PlannedGroup[] {
  const all = ['group-0', 'group-1'].flatMap((name) => PLACES.map((_, place) => ({ place, name })));
  const wanted = 1 + random.below(4);
  const groups: PlannedGroup[] = [];
  while (groups.length < wanted) groups.push(...all.splice(random.below(all.length), 1));
  return groups;
}

function credentialFault(random: Random): Step {
  if (random.chance(0.5)) return { kind: 'expired-credentials' };
  return { kind: 'sts', fault: random.pick(STS_FAULTS), realMs: random.below(1_000) };
}

/** Ages of some events: spread over a while, in one burst of one millisecond, or a mixture. */
function timesOf(random: Random): number[] {
  const count = 1 + random.below(120);
  const spreadMs = random.pick([50, 5_000, 2 * MINUTE_MS, 20 * MINUTE_MS]);
  const burst = random.pick([0, 0.3, 1]);
  const burstMs = random.below(spreadMs);
  return Array.from({ length: count }, () => (random.chance(burst) ? burstMs : random.below(spreadMs)));
}

function advanceOf(random: Random): number {
  return random.pick([
    () => random.below(5_000),
    () => random.below(10 * MINUTE_MS),
    () => random.below(MAX_DELAY_MS),
    () => 60 * MINUTE_MS + random.below(60 * MINUTE_MS),
  ])();
}

function disturbance(random: Random, pollers: number): Step | null {
  const poller = random.below(pollers);
  const realMs = 300 + random.below(1_500);
  const possible: Step[] = [
    { kind: 'kill', poller },
    { kind: 'kill', poller },
    { kind: 'stop', poller },
    { kind: 'outage', realMs },
    { kind: 'broker-pause', realMs },
    pollers === 1 ? { kind: 'join' } : { kind: 'leave', kill: random.chance(0.5) },
  ];
  return random.chance(0.75) ? random.pick(possible) : null;
}

/** Each fault is there or not, from rare to frequent. Few requests have a token that could expire. */
function profileOf(random: Random): FaultProfile {
  const some = (most: number) => (random.chance(0.75) ? random.next() * most : 0);
  return {
    ...NO_FAULTS,
    throttle: some(0.06),
    'server-error': some(0.1),
    cut: some(0.1),
    slow: some(0.06),
    'expired-token': some(0.2),
    'empty-page': some(0.13),
    'short-page': some(0.15),
    'repeated-page': some(0.09),
  };
}
