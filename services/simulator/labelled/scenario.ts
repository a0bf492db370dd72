import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectRoot } from '../../../lib/config/root.js';

export const FRAMEWORKS = [
  'langchain-verbose',
  'langchain-debug',
  'langgraph',
  'llamaindex',
  'crewai',
  'autogen',
  'openai-agents',
  'home-made',
  'structured',
] as const;
export type FrameworkName = (typeof FRAMEWORKS)[number];

/** How a process writes its records: what stands before and around the text. */
export const LAYOUTS = [
  'bare',
  'basic-config',
  'python',
  'python-thread',
  'loguru',
  'bracket',
  'logfmt',
  'logback',
  'lambda-logging',
  'json-python',
  'json-structlog',
  'json-pino',
  'json-nested',
] as const;
export type LayoutName = (typeof LAYOUTS)[number];

/** Where an id stands on a line. A layout that is JSON has fields of its own, whatever is said here. */
export const PLACES = ['prefix', 'key-value', 'mdc', 'colon', 'parens', 'pipe'] as const;
export type PlaceName = (typeof PLACES)[number];

const share = z.number().min(0).max(1);
const weights = <T extends string>(names: readonly T[]) =>
  z.partialRecord(z.enum(names), z.number().nonnegative());

const ids = z.strictObject({
  /** Share of records that show the id. */
  share,
  /** record: each record draws for itself; logger: the program's own logger shows it, libraries and prints do not. */
  by: z.enum(['record', 'logger']).default('record'),
  kinds: z.array(z.enum(['session', 'request', 'trace', 'conversation'])).default(['session']),
  places: z.array(z.enum(PLACES)).default([...PLACES]),
  /** Share of the records with a session id that show a trace id beside it. */
  with_trace: share.default(0),
});

const deployment = z.strictObject({
  name: z.string(),
  platform: z.enum(['container', 'lambda', 'file']).default('container'),
  agents: z.int().positive(),
  streams_per_agent: z.int().positive().default(1),
  /** Agents of this deployment that print into the same streams. */
  agents_per_stream: z.int().positive().default(1),
  /** Chance of a run to go on in another stream of its agent half-way. */
  spread: share.default(0),
  frameworks: weights(FRAMEWORKS),
  layouts: weights(LAYOUTS),
  /**
   * Workers of an agent, each running one run after another: the median pause of each between two of its runs, seconds. As
   * many runs are under way at once as there are workers, at most.
   */
  worker_pauses_s: z.array(z.number().positive()).min(1),
  runs_per_worker: z.int().positive(),
  /** Turns of one session, at most: each is a whole run of the agent in the same session. */
  max_turns: z.int().positive().default(1),
  ids: ids.prefault({ share: 0 }),
  /** Share of records that name the agent. */
  agent_id: share.default(0),
  /** Records that libraries print in the middle of a run, per step. */
  library_lines: z.number().nonnegative().default(0.3),
  /** Records of the process that belong to no run, a minute and stream. */
  ambient_per_minute: z.number().nonnegative().default(0.5),
  /** Share of runs that end by an exception, that hang until they are killed, and that stop printing without a word. */
  crash: share.default(0.03),
  timeout: share.default(0.02),
  silent: share.default(0.02),
});
export type Deployment = z.output<typeof deployment>;

const delivery = z.strictObject({
  /** Share of records that change places with one printed at most so many seconds later. */
  disorder: share.default(0),
  disorder_s: z.number().positive().default(2),
  /** Share of records that the shipper sends twice. */
  duplicates: share.default(0),
  /** Share of records that arrive late, and the median lateness. */
  late: share.default(0),
  late_s: z.number().positive().default(8),
  /** Largest deviation of a stream's clock, either way. */
  skew_s: z.number().nonnegative().default(0),
  /** Restarts of a stream's process, an hour; runs under way there end unsaid. */
  restarts_per_hour: z.number().nonnegative().default(0),
});
export type Delivery = z.output<typeof delivery>;

const scenario = z.strictObject({
  name: z.string(),
  describe: z.string(),
  /** B-cubed F1 to be reached; left out: reported only. */
  goal_f1: share.optional(),
  start: z.iso.datetime(),
  deployments: z.array(deployment).min(1),
  delivery: delivery.prefault({}),
});
export type Scenario = z.output<typeof scenario>;

/** Folder of the scenarios that belong to the project. */
export const scenarioFolder = (): string => join(projectRoot(), 'services/simulator/labelled/scenarios');

/** Reads a scenario. @throws Error naming every fault of the file. */
export function loadScenario(path: string): Scenario {
  const read = scenario.safeParse(parse(readFileSync(path, 'utf8')));
  if (read.success) return read.data;
  const faults = read.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(faults.join('\n'));
}

/** The project's scenarios by name, in the order of their names. */
export const scenarioFiles = (): { name: string; path: string }[] =>
  readdirSync(scenarioFolder())
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.yaml'.length), path: join(scenarioFolder(), file) }));
