import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ErrorBreakdown } from './errors.js';
import type { Measured } from './measure.js';

export interface Task {
  name: string;
  seed: number;
}

/** What a process is asked: the seeds of one scenario. */
export interface Request {
  name: string;
  seeds: number[];
  errors: boolean;
}

export interface Answer {
  measured: Measured[];
  errors: ErrorBreakdown | null;
}

/** One result a task; the errors of all a scenario's seeds are on its first. */
export interface Result {
  measured: Measured;
  errors: ErrorBreakdown | null;
}

/**
 * Measures scenario by scenario in `jobs` processes; a scenario's seeds stay in one. Progress goes to standard error.
 * @throws where a process fails, with its exit code.
 */
export async function measureAll(tasks: readonly Task[], jobs: number, errors: boolean): Promise<Result[]> {
  const requests: Request[] = [];
  for (const { name, seed } of tasks) {
    const known = requests.find((request) => request.name === name);
    if (known) known.seeds.push(seed);
    else requests.push({ name, seeds: [seed], errors });
  }
  const waiting = [...requests];
  const results: Result[] = [];
  const worker = async () => {
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      const answer = await ask(request);
      process.stderr.write(`${request.name} `);
      results.push(
        ...answer.measured.map((measured, index) => ({
          measured,
          errors: index === 0 ? answer.errors : null,
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, requests.length) }, worker));
  process.stderr.write('\n');
  return results;
}

/** Breakdowns hold maps, so messages are cloned as they are, not written as JSON. */
function ask(request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [], {
      serialization: 'advanced',
      execArgv: ['--enable-source-maps'],
    });
    let answer: Answer | undefined;
    child.on('message', (message) => {
      answer = message as Answer;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (answer) resolve(answer);
      else reject(new Error(`measuring ${request.name} ended with code ${code}`));
    });
    child.send(request);
  });
}
