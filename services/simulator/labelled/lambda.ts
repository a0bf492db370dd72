import type { Random } from '../../../lib/testing/random.js';
import { hex, logNormal } from './draw.js';
import type { Ending } from './plan.js';

/** What the Lambda platform itself prints around an invocation. */
export interface Invocation {
  before: PlatformWrite[];
  after: PlatformWrite[];
  /** Time from START to the function's first line, milliseconds. */
  overheadMs: number;
  /** As REPORT gives it, milliseconds. */
  durationMs: number;
}

export interface PlatformWrite {
  atMs: number;
  lines: string[];
  /** INIT_START belongs to the environment, not to an invocation. */
  belongs: boolean;
}

const TIMEOUT_MS = 60_000;

/** Draws START, END, REPORT and what comes with a cold start, an error or a time-out. */
export function invocation(
  random: Random,
  options: { requestId: string; ending: Ending; durationMs: number; isCold: boolean; atMs: number },
): Invocation {
  const { requestId, ending, isCold, atMs } = options;
  const overheadMs = 1 + random.next() * 20;
  const timedOut = ending === 'timeout';
  const durationMs = timedOut ? Math.max(TIMEOUT_MS, options.durationMs + 1_000) : options.durationMs + 2;
  const endMs = atMs + overheadMs + durationMs;
  const initMs = logNormal(random, 900, 0.4);
  const before: PlatformWrite[] = [];
  if (isCold)
    before.push({
      atMs: atMs - initMs,
      lines: [
        `INIT_START Runtime Version: python:3.12.v${20 + random.below(40)}\tRuntime Version ARN: arn:aws:lambda:eu-central-1::runtime:${hex(random, 64)}`,
      ],
      belongs: false,
    });
  before.push({ atMs, lines: [`START RequestId: ${requestId} Version: $LATEST`], belongs: true });
  const after: PlatformWrite[] = [];
  const report = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs)} ms`,
    'Memory Size: 512 MB',
    `Max Memory Used: ${100 + random.below(300)} MB`,
  ];
  if (isCold) report.push(`Init Duration: ${initMs.toFixed(2)} ms`);
  if (timedOut) {
    after.push({
      atMs: endMs,
      lines: [
        `${new Date(Math.round(endMs)).toISOString()} ${requestId} Task timed out after ${(durationMs / 1_000).toFixed(2)} seconds`,
      ],
      belongs: true,
    });
    report.push('Status: timeout');
  }
  if (ending === 'crash') report.push('Status: error', 'Error Type: Runtime.Unknown');
  after.push({ atMs: endMs + 1, lines: [`END RequestId: ${requestId}`], belongs: true });
  after.push({ atMs: endMs + 1.2, lines: [`${report.join('\t')}\t`], belongs: true });
  return { before, after, overheadMs, durationMs };
}
