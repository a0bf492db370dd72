import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { Analysis } from '../../cli/analysis.js';
import { loadRules } from '../../processor/adapters/rule-files.js';
import { generate } from '../labelled/generate.js';
import type { LabelledLine } from '../labelled/record.js';
import type { Scenario } from '../labelled/scenario.js';
import { bCubed, type Score } from './b-cubed.js';
import { BASELINES, type BaselineName, baselines } from './baselines.js';

/** What came of one scenario with one seed. */
export interface Measured {
  scenario: string;
  seed: number;
  lines: number;
  scored: number;
  runs: number;
  score: Score;
  baselines: Record<BaselineName, Score>;
  /** Lines by the strategy that found their trace. */
  strategies: Record<string, number>;
  /** Of the whole topology; of CPU time, so that what else the machine does matters little. */
  linesPerCpuSecond: number;
}

/** A line as the topology saw it, with its truth. */
export interface Outcome {
  line: LabelledLine;
  /** The trace that it is in at last; null where it became no event. */
  traceId: string | null;
  eventType: string | null;
  strategy: string | null;
}

const rules = () => loadRules(defaultAppConfig());
let loaded: ReturnType<typeof rules> | undefined;

/** The log is read when all of it has been written, as with `vectadb analyze`: a time later than that would be no time. */
const afterAll = (lines: readonly LabelledLine[]): number =>
  lines.reduce((latest, { input }) => Math.max(latest, Date.parse(input.timestamp)), 0);

/** The lines of a scenario through the whole topology, as `vectadb analyze` runs it, with the default configuration. */
export function analyze(lines: readonly LabelledLine[]): { outcomes: Outcome[]; cpuSeconds: number } {
  loaded ??= rules();
  const analysis = new Analysis({
    codec: Codec.local(loadSchemas()),
    rules: loaded,
    config: defaultAppConfig(),
    nowMs: afterAll(lines),
  });
  try {
    const bytes = lines.map(({ input }) => Buffer.from(JSON.stringify(input)));
    const before = process.cpuUsage();
    for (const line of bytes) analysis.take(line);
    analysis.end();
    const { user, system } = process.cpuUsage(before);
    const outcomes = [...analysis.lines()].map(
      ({ event }, index): Outcome => ({
        line: lines[index]!,
        traceId: event?.trace_id ?? null,
        eventType: event?.event_type ?? null,
        strategy: event?.strategy === undefined ? null : String(event.strategy),
      }),
    );
    return { outcomes, cpuSeconds: (user + system) / 1e6 };
  } finally {
    analysis.close();
  }
}

/** Cluster of an outcome: a line that became no event is a cluster of its own. */
export const clusterOf = ({ traceId }: Outcome, index: number): string => traceId ?? `no event ${index}`;

/** Runs a scenario with a seed and scores it beside the baselines, over the lines that belong to a run. */
export function measure(
  scenario: Scenario,
  seed: number,
  scale = 1,
): { measured: Measured; outcomes: Outcome[] } {
  const lines = generate(scenario, seed, scale);
  const { outcomes, cpuSeconds } = analyze(lines);
  const isScored = (line: LabelledLine) => line.truth.run !== null;
  const truth = lines.filter(isScored).map((line) => line.truth.run!);
  const ofScored = (clusters: readonly string[]) => clusters.filter((_, index) => isScored(lines[index]!));
  const naive = baselines(lines);
  const strategies: Record<string, number> = {};
  for (const { strategy } of outcomes)
    strategies[strategy ?? 'none'] = (strategies[strategy ?? 'none'] ?? 0) + 1;
  const measured: Measured = {
    scenario: scenario.name,
    seed,
    lines: lines.length,
    scored: truth.length,
    runs: new Set(truth).size,
    score: bCubed(truth, ofScored(outcomes.map(clusterOf))),
    baselines: Object.fromEntries(
      BASELINES.map((name) => [name, bCubed(truth, ofScored(naive[name]))]),
    ) as Measured['baselines'],
    strategies,
    linesPerCpuSecond: lines.length / cpuSeconds,
  };
  return { measured, outcomes };
}
