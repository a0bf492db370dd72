import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../lib/config/root.js';
import { developmentApiKey, readApiKey } from './api-key.js';
import { type Component, components } from './components.js';
import { askSupervisor, pidPath, type StackStatus, socketPath } from './control.js';
import { homeFolder } from './home.js';
import type { Progress } from './install.js';
import { holder } from './pid-file.js';
import { portOwner, takenPort } from './port-owner.js';
import { isFree } from './ports.js';
import { installParts, requireTools } from './prepare.js';
import { publicSettings, readSettings } from './settings.js';
import { report, type Stack, type StackReport, type UpOptions, UserError } from './stack.js';
import type { ComponentStatus } from './supervisor.js';
import { tail, waitFor } from './wait.js';

/** Longer than the supervisor's own limit for an orderly end. */
const DOWN_LIMIT_MS = 70_000;
/** How long the children of a killed supervisor may hold their ports: the reaper needs at most 5 s. */
const PORT_GRACE_MS = 8_000;

/** The stack as processes of this machine under one supervisor. */
export function localStack(): Stack {
  const home = homeFolder();
  const settings = readSettings();
  const logs = join(home, 'logs');

  const status = async (): Promise<StackReport> => {
    const answer = await askSupervisor<StackStatus>(home, 'GET', '/status');
    return report('local', answer?.components ?? [], readApiKey(home));
  };

  return {
    mode: 'local',
    status,

    up: async ({ progress, limitMs }: UpOptions) => {
      let running = await askSupervisor<StackStatus>(home, 'GET', '/status');
      if (running?.stopping) {
        progress('waiting for the end of what is being stopped');
        await waitFor('the end of the supervisor', () => holder(pidPath(home)) === null, {
          limitMs: DOWN_LIMIT_MS,
        });
        running = null;
      }
      if (running) refuseOtherSettings(running.settings, publicSettings(settings));
      else {
        const table = components(settings, developmentApiKey(home));
        requireTools(table.filter((component) => !component.external).map((component) => component.name));
        await checkPorts(table);
        await installParts(
          table.filter((component) => !component.external).map((component) => component.name),
          progress,
        );
        launch(home, logs);
      }
      return waitReady(home, status, progress, limitMs);
    },

    down: async (progress) => {
      const pid = holder(pidPath(home));
      if (pid === null) return;
      progress('stopping');
      // A supervisor that does not answer any more is told by signal, and in the end killed: its reaper ends the rest.
      await askSupervisor(home, 'POST', '/down').catch(() => process.kill(pid, 'SIGTERM'));
      const gone = () => holder(pidPath(home)) !== pid;
      await waitFor('the end of the supervisor', gone, { limitMs: DOWN_LIMIT_MS }).catch(() => {
        if (!gone()) process.kill(pid, 'SIGKILL');
      });
    },

    logs: async (component, options) => {
      const known = existsSync(logs) ? readdirSync(logs).filter((name) => name.endsWith('.log')) : [];
      const wanted = known.filter((name) => isLogOf(name, component));
      if (wanted.length === 0) {
        const names = known.map((name) => name.replace(/\.log$/, '')).join(', ');
        throw new UserError(
          component ? `there is no log of ${component}: ${names || 'nothing ran yet'}` : 'nothing ran yet',
        );
      }
      const follow = options.follow ? ['-F'] : [];
      await inherit('tail', [
        '-n',
        String(options.lines),
        ...follow,
        ...wanted.map((name) => join(logs, name)),
      ]);
    },

    clean: async ({ cache, progress }) => {
      await localStack().down(progress);
      rmSync(socketPath(home), { force: true });
      for (const name of ['data', 'logs', 'run', 'api-key', ...(cache ? ['cache'] : [])]) {
        rmSync(join(home, name), { recursive: true, force: true });
      }
      progress(`removed what was stored in ${home}`);
    },

    scale: async (component, instances) => {
      const path = `/scale?service=${encodeURIComponent(component)}&instances=${instances}`;
      // Ending instances in an orderly way takes its time.
      if (!(await askSupervisor(home, 'POST', path, 60_000))) {
        throw new UserError('nothing runs: vectadb up');
      }
    },
  };
}

/** processor.log and processor-2.log are logs of processor. */
const isLogOf = (file: string, component: string | undefined): boolean =>
  component === undefined ||
  file.replace(/\.log$/, '').replace(/-\d+$/, '') === component.replace(/-\d+$/, '');

/** @throws UserError naming every taken port, its owner, and the variable that moves it. */
async function checkPorts(table: readonly Component[]): Promise<void> {
  const wanted = table
    .filter((component) => !component.external)
    .flatMap((component) =>
      Array.from({ length: component.instances }, (_, instance) =>
        component.ports(instance).map((port) => ({ ...port, name: component.name })),
      ).flat(),
    );
  const twice = wanted.filter((one, at) => wanted.findIndex((other) => other.port === one.port) !== at);
  if (twice.length > 0) {
    throw new UserError(
      twice
        .map(({ port, variable, name }) => `port ${port} (${name}) is wanted twice: set ${variable}`)
        .join('\n'),
    );
  }
  const deadline = Date.now() + PORT_GRACE_MS;
  for (;;) {
    const taken: string[] = [];
    let ours = false;
    for (const { port, variable, name } of wanted) {
      if (await isFree(port)) continue;
      const owner = portOwner(port);
      ours ||= owner?.command.includes(homeFolder()) ?? false;
      taken.push(takenPort(name, port, variable, owner));
    }
    if (taken.length === 0) return;
    if (!ours || Date.now() > deadline) throw new UserError(taken.join('\n'));
    await sleep(200);
  }
}

/** Starts the supervisor as a process that outlives this one. */
function launch(home: string, logs: string): void {
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, 'supervisor.log'), 'a');
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', join(projectRoot(), 'dist/deploy/local/main.js')],
    {
      cwd: projectRoot(),
      env: { ...process.env, VECTADB_HOME: home },
      stdio: ['ignore', log, log],
      detached: true,
    },
  );
  closeSync(log);
  child.unref();
}

/** Says each change of state until everything is ready. @throws UserError naming what is not, with its reason. */
async function waitReady(
  home: string,
  status: () => Promise<StackReport>,
  progress: Progress,
  limitMs: number,
): Promise<StackReport> {
  const said = new Map<string, string>();
  let last: StackReport | undefined;
  const check = async () => {
    last = await status();
    for (const component of last.components) {
      const line = stateLine(component);
      if (said.get(component.name) !== line && component.state !== 'waiting') progress(line);
      said.set(component.name, line);
    }
    return last.ready;
  };
  try {
    await waitFor('the stack', check, { limitMs, everyMs: 150 });
  } catch (error) {
    const late = last?.components.filter((component) => !component.ready) ?? [];
    const lines = late.map(
      (component) =>
        `  ${component.name} is ${component.state}${component.reason ? `: ${component.reason}` : ''}`,
    );
    const cause = last?.running
      ? lines.join('\n')
      : `${error instanceof Error ? error.message : error}\n${tail(join(home, 'logs/supervisor.log'), 10)}`;
    throw new UserError(`not ready after ${limitMs / 1000} s:\n${cause}\nlogs are in ${join(home, 'logs')}`);
  }
  return last!;
}

function stateLine({ name, state, url, reason }: ComponentStatus): string {
  if (state === 'failing') return `${name}: failing, ${reason?.split('\n')[0]}`;
  if (state === 'unready') return `${name}: running, not ready${reason ? ` (${reason})` : ''}`;
  return `${name}: ${state}${state === 'ready' && url ? ` at ${url}` : ''}`;
}

/** @throws UserError where the running stack was started with other addresses than those asked for now. */
function refuseOtherSettings(running: Record<string, unknown>, wanted: Record<string, unknown>): void {
  const differences = Object.keys(wanted)
    .filter((name) => !name.endsWith('_INSTANCES') && String(wanted[name]) !== String(running[name]))
    .map((name) => `  ${name} is ${running[name] ?? 'not set'}, asked for is ${wanted[name] ?? 'not set'}`);
  if (differences.length > 0) {
    throw new UserError(
      `the stack runs with other settings; end it first (vectadb down):\n${differences.join('\n')}`,
    );
  }
}

/** Runs a program on our terminal. Ctrl-C ends it, and that is no fault. */
export function inherit(
  command: string,
  args: string[],
  env: Record<string, string | undefined> = process.env,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env, cwd: projectRoot() });
    const ignore = () => {};
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 0);
    });
  });
}
