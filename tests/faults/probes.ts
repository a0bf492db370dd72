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

/** The sum of a metric over its labels; 0 where it is not there. */
export async function metricOf({ service }: KeptService, name: string): Promise<number> {
  const answer = await fetch(`${service.url}/metrics`, { signal: AbortSignal.timeout(CALL_LIMIT_MS) });
  let sum = 0;
  for (const line of (await answer.text()).split('\n')) {
    if (line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      sum += Number(line.slice(line.lastIndexOf(' ')));
  }
  return sum;
}
