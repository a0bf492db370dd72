import { Random } from '../../../lib/testing/random.js';
import { logNormal } from './draw.js';
import { frameworks } from './frameworks/index.js';
import { drawPlan, type Ending } from './plan.js';
import type { Printed } from './printed.js';
import type { Deployment, FrameworkName } from './scenario.js';
import { vocabulary } from './vocabulary.js';

/** Median pause between two turns of a session, milliseconds. */
const BETWEEN_TURNS_MS = 25_000;

/** A program that runs sessions, all in one style. */
export interface Agent {
  name: string;
  framework: FrameworkName;
  domains: string[];
  model: string;
  /** Seed of what its authors chose. */
  style: number;
  pace: number;
}

/** A session before it is placed in time and streams. */
export interface Session {
  /** What it prints, with times since its start. */
  records: { atMs: number; printed: Printed }[];
  durationMs: number;
  ending: Ending;
}

/** Draws a session: one turn of the agent or several, each printed by its framework. */
export function drawSession(random: Random, deployment: Deployment, agent: Agent, maxTurns: number): Session {
  const { domains } = vocabulary();
  const domain = domains[random.pick(agent.domains)]!;
  const turns = 1 + random.below(maxTurns);
  const records: Session['records'] = [];
  let atMs = 0;
  let ending: Ending = 'answer';
  for (let turn = 0; turn < turns && ending === 'answer'; turn++) {
    if (turn > 0) atMs += logNormal(random, BETWEEN_TURNS_MS, 0.7);
    const plan = drawPlan(random, { ...deployment, domain, model: agent.model });
    ending = plan.ending;
    const printed = frameworks[agent.framework]({
      plan,
      random,
      style: new Random(agent.style),
      agent: agent.name,
      libraryLines: deployment.library_lines,
      pace: agent.pace,
    });
    for (const one of printed) {
      atMs += one.afterMs;
      records.push({ atMs, printed: one });
    }
  }
  return { records, durationMs: atMs, ending };
}
