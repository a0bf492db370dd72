import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askSupervisor, type StackStatus } from '../../deploy/local/control.js';
import { holder, isAlive } from '../../deploy/local/pid-file.js';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import { guardFolder, guardProcess } from '../../deploy/local/reaper.js';
import type { StackReport } from '../../deploy/local/stack.js';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';

const home = mkdtempSync(join(tmpdir(), 'vectadb-home-'));
guardFolder(home);
const reservations: Reservation[] = [];
let env: Record<string, string | undefined>;
let brokers: string[];

interface Outcome {
  code: number;
  output: string;
}

/** Runs the CLI against a home of this test's own, with a broker alone. */
const vectadb = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot(), 'dist/services/cli/main.js'), ...args],
      { env, timeout: 120_000 },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
    );
  });

const status = async () => JSON.parse((await vectadb('status', '--json')).output) as StackReport;
const kafka = async () => (await status()).components.find((component) => component.name === 'kafka')!;

async function supervisorPid(): Promise<number> {
  const pid = holder(join(home, 'run/supervisor.pid'));
  if (pid === null) throw new Error('no supervisor runs');
  guardProcess(pid);
  return pid;
}

async function withAdmin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers, clientId: 'test', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
const topics = () => withAdmin((admin) => admin.listTopics());

beforeAll(async () => {
  for (let each = 0; each < 2; each++) reservations.push(await reservePort());
  const [port, controllerPort] = reservations.map((reservation) => String(reservation.port));
  brokers = [`127.0.0.1:${port}`];
  env = {
    ...process.env,
    NODE_ENV: undefined,
    VECTADB_HOME: home,
    VECTADB_CACHE: process.env.VECTADB_CACHE ?? join(projectRoot(), '.vectadb/cache'),
    VECTADB_DOCKER: 'never',
    VECTADB_ONLY: 'kafka',
    KAFKA_PORT: port,
    KAFKA_CONTROLLER_PORT: controllerPort,
  };
});
afterAll(async () => {
  await vectadb('down');
  for (const reservation of reservations) reservation.release();
  rmSync(home, { recursive: true, force: true });
});

describe('the local stack', () => {
  it('comes up, mints a development key for its owner alone, and a second up changes nothing', async () => {
    const first = await vectadb('up');
    expect(first.output).toContain('ready after');
    expect(first.code).toBe(0);
    await supervisorPid();
    const { api_key, ready, pid } = { ...(await status()), pid: (await kafka()).pid };
    expect(ready).toBe(true);
    expect(api_key).toMatch(/^vdb_dev_[\w-]{32}$/);
    expect(statSync(join(home, 'api-key')).mode & 0o777).toBe(0o600);
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic: 'kept' }], waitForLeaders: true }));

    const second = await vectadb('up');
    expect(second.code).toBe(0);
    expect((await kafka()).pid).toBe(pid);
    expect((await status()).api_key).toBe(api_key);
  });

  it('starts a killed component again on its data', async () => {
    const before = await kafka();
    process.kill(before.pid!, 'SIGKILL');
    await waitFor(
      'the restarted broker',
      async () => {
        const now = await kafka();
        return now.restarts === 1 && now.ready && now.pid !== before.pid;
      },
      { limitMs: 60_000, everyMs: 250 },
    );
    expect(await topics()).toContain('kept');
  });

  it('refuses to run with other settings beside the running ones, and says which differ', async () => {
    env.SURREAL_PORT = '12345';
    const refused = await vectadb('up');
    delete env.SURREAL_PORT;
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('SURREAL_PORT is 8000, asked for is 12345');
  });

  it('keeps what was stored over down and up', async () => {
    const { pid } = await kafka();
    expect((await vectadb('down')).code).toBe(0);
    expect(isAlive(pid!, null)).toBe(false);
    expect((await status()).running).toBe(false);
    expect((await vectadb('up')).code).toBe(0);
    await supervisorPid();
    expect(await topics()).toContain('kept');
  });

  it('comes up in order when asked while it goes down', async () => {
    const down = vectadb('down');
    await waitFor(
      'the beginning of the end',
      async () => (await askSupervisor<StackStatus>(home, 'GET', '/status'))?.stopping ?? true,
      { limitMs: 20_000, everyMs: 10 },
    );
    const up = await vectadb('up');
    expect((await down).code).toBe(0);
    expect(up.output).toContain('ready after');
    await supervisorPid();
    expect(await topics()).toContain('kept');
  });

  it('comes up again after its supervisor was killed, and leaves no process of the old one', async () => {
    const { pid } = await kafka();
    process.kill(await supervisorPid(), 'SIGKILL');
    await waitFor('the end of the orphaned broker', () => !isAlive(pid!, null), { limitMs: 15_000 });
    expect((await vectadb('up')).code).toBe(0);
    await supervisorPid();
    expect(await topics()).toContain('kept');
  });

  it('names the owner of a taken port and the variable that moves it', async () => {
    expect((await vectadb('down')).code).toBe(0);
    const { port } = reservations[0]!;
    const squatter = spawn(
      process.execPath,
      ['-e', `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(squatter.stdout, 'data');
    try {
      const refused = await vectadb('up');
      expect(refused.code).toBe(1);
      expect(refused.output).toContain(`port ${port} (kafka) is taken by process ${squatter.pid}`);
      expect(refused.output).toContain('KAFKA_PORT');
    } finally {
      squatter.kill('SIGKILL');
      await once(squatter, 'exit');
    }
  });

  it('removes what was stored on clean', async () => {
    expect((await vectadb('clean')).code).toBe(0);
    expect((await vectadb('up')).code).toBe(0);
    await supervisorPid();
    expect(await topics()).not.toContain('kept');
  });
});
