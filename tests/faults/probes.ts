import type { KeptService } from '../pipeline/kept-service.js';

const CALL_LIMIT_MS = 5_000;

export interface HealthAnswer {
  ready: boolean;
  /** What `vectadb status` shows. */
  state: string;
  details?: {
    partitions?: { lag: number }[];
    stages?: { stage: string; generation: number; partitions: { lag: number }[] }[];
  };
}

/** GET /ready. @throws while nobody answers. */
export async function healthOf({ service }: KeptService): Promise<HealthAnswer> {
  const answer = await fetch(`${service.url}/ready`, { signal: AbortSignal.timeout(CALL_LIMIT_MS) });
  const { state, details, parts } = (await answer.json()) as HealthAnswer & { parts?: unknown };
  return { ready: answer.ok, state: parts ? JSON.stringify(parts) : state, details };
}

/** Records that a service has read or will read and has not done. */
export function lagOf({ details }: HealthAnswer): number {
  const stages = details?.stages ?? [];
  const partitions = [...(details?.partitions ?? []), ...stages.flatMap((stage) => stage.partitions)];
  return partitions.reduce((sum, one) => sum + Math.max(0, one.lag), 0);
}

/** The sum of a metric over its labels; 0 where it is not there. */
export const metricOf = async (kept: KeptService, name: string): Promise<number> =>
  (await metricsOf(kept, name)).reduce((sum, value) => sum + value, 0);

/** A metric's values, one for each set of labels. */
export async function metricsOf({ service }: KeptService, name: string): Promise<number[]> {
  const answer = await fetch(`${service.url}/metrics`, { signal: AbortSignal.timeout(CALL_LIMIT_MS) });
  return (await answer.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
}
