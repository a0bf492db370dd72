import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ruleTrials, TRIAL_LIMITS } from './rule-trials.js';

const folder = mkdtempSync(join(tmpdir(), 'vectadb-trials-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that writes its process id, then does what `body` says. */
function program(name: string, body: string): { path: string; pid: () => number } {
  const path = join(folder, `${name}.mjs`);
  const pidFile = join(folder, `${name}.pid`);
  writeFileSync(
    path,
    `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(pidFile)}, String(process.pid));\n${body}`,
  );
  return { path, pid: () => Number(readFileSync(pidFile, 'utf8')) };
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // no such process
  }
};
const trial = { lines: ['a'], rules: '' };
const answer = `process.stdout.write(JSON.stringify({ lines: [], faults: [], suggested: null }));`;

describe('the process of a trial', () => {
  it(
    'is ended when it has had its processor time',
    async () => {
      const { path, pid } = program('endless', 'for (;;) {}');
      await expect(ruleTrials('', { ...TRIAL_LIMITS, cpuS: 1 }, path).run(trial)).rejects.toMatchObject({
        problem: 'trial-too-costly',
        detail: expect.stringContaining('more than 1 s of processor time'),
      });
      expect(isThere(pid())).toBe(false);
    },
    // by the clock a second of processor time may take long where others have the processor
    TRIAL_LIMITS.timeMs,
  );

  it('is ended when nothing comes of it', async () => {
    const { path } = program('idle', 'setInterval(() => {}, 1_000);');
    await expect(ruleTrials('', { ...TRIAL_LIMITS, timeMs: 300 }, path).run(trial)).rejects.toMatchObject({
      problem: 'trial-too-costly',
      detail: expect.stringContaining('no answer after 0.3 s'),
    });
  });

  it('has a limit of memory', async () => {
    const { path } = program('hungry', 'const all = []; for (;;) all.push(new Array(10_000).fill({}));');
    await expect(ruleTrials('', { ...TRIAL_LIMITS, heapMb: 32 }, path).run(trial)).rejects.toMatchObject({
      problem: 'trial-too-costly',
      detail: expect.stringContaining('more than 32 MB'),
    });
  });

  it('has a limit of what it answers', async () => {
    const { path, pid } = program(
      'talkative',
      `setInterval(() => process.stdout.write('x'.repeat(65_536)), 1);`,
    );
    await expect(
      ruleTrials('', { ...TRIAL_LIMITS, answerBytes: 200_000 }, path).run(trial),
    ).rejects.toMatchObject({
      detail: expect.stringContaining('too large an answer'),
    });
    expect(isThere(pid())).toBe(false);
  });

  it('that ends without an answer is a failure of ours, and the next one is not hindered', async () => {
    const dead = ruleTrials('', TRIAL_LIMITS, program('dead', 'process.exit(3);').path);
    for (let time = 0; time < 3; time++)
      await expect(dead.run(trial)).rejects.toThrow(/ended without an answer \(exit\)/);
    const well = ruleTrials('', TRIAL_LIMITS, program('well', answer).path);
    expect(await well.run(trial)).toEqual({ lines: [], faults: [], suggested: null });
  });

  it('knows nothing of the environment of the gateway', async () => {
    process.env.VECTADB_TRIAL_SECRET = 'x';
    const body = `process.stdout.write(JSON.stringify({ lines: [], faults: [{ line: 1, message: Object.keys(process.env).join() }] }));`;
    const { faults } = await ruleTrials('', TRIAL_LIMITS, program('curious', body).path).run(trial);
    expect(faults[0]!.message).not.toContain('SECRET');
    delete process.env.VECTADB_TRIAL_SECRET;
  });

  it('is one of so many at once', async () => {
    const { path } = program('slow', `setTimeout(() => { ${answer} }, 300);`);
    const trials = ruleTrials('', { ...TRIAL_LIMITS, atOnce: 1 }, path);
    const first = trials.run(trial);
    await expect(trials.run(trial)).rejects.toMatchObject({ problem: 'overloaded' });
    await first;
    await trials.run(trial);
  });
});
