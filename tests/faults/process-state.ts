import { readFileSync } from 'node:fs';
import { median } from '../../lib/testing/median.js';

/** Whether a process is stopped, by SIGSTOP (proc(5)). */
export function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat[stat.lastIndexOf(')') + 2] === 'T';
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

const SAMPLE_EVERY_MS = 500;

/**
 * Resident memory of a process before and after some work, MB: medians of the first and of the last tenth of many samples, for one by
 * itself says more of the garbage collector than of what is kept. @throws Error where the process ended meanwhile
 */
export async function residentMbAround(
  pid: number,
  work: () => Promise<void>,
): Promise<{ first: number; last: number }> {
  const samples = [residentMb(pid)];
  let ended: Error | null = null;
  const timer = setInterval(() => {
    try {
      samples.push(residentMb(pid));
    } catch (error) {
      ended = new Error(`process ${pid} has ended`, { cause: error });
    }
  }, SAMPLE_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  if (ended) throw ended;
  const tenth = Math.ceil(samples.length / 10);
  return { first: median(samples.slice(0, tenth)), last: median(samples.slice(-tenth)) };
}
