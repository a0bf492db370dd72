import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../lib/config/root.js';
import type { Trial, TrialAnswer, TrialPort } from '../ports.js';
import { Problem } from '../problem.js';

export interface TrialLimits {
  /** Trials at once; each has a process of its own. */
  atOnce: number;
  /** Processor time of the process, seconds: a machine with much else to do is no reason to end it. */
  cpuS: number;
  /** From its start to its answer, by the clock. */
  timeMs: number;
  heapMb: number;
  answerBytes: number;
}

export const TRIAL_LIMITS: TrialLimits = {
  atOnce: 2,
  cpuS: 15,
  timeMs: 60_000,
  heapMb: 256,
  answerBytes: 16 * 1024 * 1024,
};

const LOW_PRIORITY = 10;

/**
 * Trials of lines and rules, each in a process of its own: whatever a pattern costs, it costs that process, which is ended when it has had its share.
 * It is given nothing of this process's environment but where the installation is.
 */
export function ruleTrials(
  configPath: string,
  limits: TrialLimits = TRIAL_LIMITS,
  program = join(projectRoot(), 'dist/services/cli/trial/main.js'),
): TrialPort {
  let running = 0;
  return {
    async run(trial) {
      if (running >= limits.atOnce)
        throw new Problem('overloaded', 'other lines are being tried now', { retryAfterS: 2 });
      running += 1;
      try {
        return await runIn(program, configPath, trial, limits);
      } finally {
        running -= 1;
      }
    },
  };
}

async function runIn(
  program: string,
  configPath: string,
  trial: Trial,
  { cpuS, timeMs, heapMb, answerBytes }: TrialLimits,
): Promise<TrialAnswer> {
  const command = [process.execPath, `--max-old-space-size=${heapMb}`, program, configPath];
  // the kernel ends what has had its processor time
  const child = spawn('/bin/sh', ['-c', `ulimit -t ${cpuS} && exec "$@"`, 'sh', ...command], {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
  const { output, why, signal, lastWords } = await endOf(child, JSON.stringify(trial), timeMs, answerBytes);
  if (why === 'time') throw tooCostly(`had no answer after ${timeMs / 1_000} s`, 'fewer lines');
  if (why === 'size') throw tooCostly('has too large an answer', 'fewer or shorter lines');
  if (signal === 'SIGXCPU' || signal === 'SIGKILL')
    throw tooCostly(`took more than ${cpuS} s of processor time`, 'fewer lines, or a simpler pattern');
  if (/heap out of memory|allocation failed/i.test(lastWords))
    throw tooCostly(`took more than ${heapMb} MB`, 'fewer lines, or a simpler pattern');
  const answer = parsedOr(output);
  if (answer === null)
    throw new Error(`the process of a trial ended without an answer (${signal ?? 'exit'}): ${lastWords}`);
  if ('problem' in answer) throw new Problem('conflict', answer.problem);
  return answer;
}

const tooCostly = (what: string, instead: string): Problem =>
  new Problem('trial-too-costly', `the trial ${what}: try ${instead}`);

interface Ended {
  output: string;
  /** By which it ended; null: by itself. */
  signal: NodeJS.Signals | null;
  why: 'end' | 'time' | 'size';
  /** The last that it said on standard error. */
  lastWords: string;
}

const KEPT_WORDS = 4_000;

/** Resolves once the process is gone, by itself or ended here. */
function endOf(
  child: ChildProcessWithoutNullStreams,
  input: string,
  timeMs: number,
  answerBytes: number,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let lastWords = '';
    let why: Ended['why'] = 'end';
    const end = (reason: Ended['why']) => {
      why = reason;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end('time'), timeMs);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytes) end('size');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-KEPT_WORDS);
    });
    // it may end before it has read everything; how it ended says more
    child.stdin.on('error', () => {});
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (_code, signal) => {
      clearTimeout(timer);
      resolve({ output: Buffer.concat(chunks).toString(), why, signal, lastWords });
    });
    child.stdin.end(input);
  });
}

function parsedOr(output: string): TrialAnswer | { problem: string } | null {
  try {
    return JSON.parse(output) as TrialAnswer | { problem: string };
  } catch {
    return null; // cut off, or nothing at all
  }
}
