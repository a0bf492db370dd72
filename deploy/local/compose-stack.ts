import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { projectRoot } from '../../lib/config/root.js';
import { developmentApiKey, readApiKey } from './api-key.js';
import { cloudWatchOf } from './cloudwatch.js';
import { type Component, components, instanceName } from './components.js';
import { homeFolder } from './home.js';
import { inherit } from './local-stack.js';
import { readSettings } from './settings.js';
import { report, type Stack, UserError } from './stack.js';
import type { ComponentStatus } from './supervisor.js';

const execute = promisify(execFile);

/** Containers whose port docker-compose.yml publishes; the others are reached from containers alone. */
const PUBLISHED = new Set(['kafka', 'registry', 'surreal', 'qdrant', 'moto', 'gateway']);
const KAFKA_UI_PORT = 8090;

/** One line of `docker compose ps --format json`. */
export interface ComposeContainer {
  Service: string;
  State: string;
  Health?: string;
  ExitCode?: number;
  Name?: string;
}

/** Compose prints one JSON object a line, or one array in older versions. */
export function parseContainers(output: string): ComposeContainer[] {
  const text = output.trim();
  if (text === '') return [];
  if (text.startsWith('[')) return JSON.parse(text) as ComposeContainer[];
  return text.split('\n').map((line) => JSON.parse(line) as ComposeContainer);
}

/** A container in the words of `vectadb status`. `instance` counts the containers of its service from 0. */
export function describeContainer(
  container: ComposeContainer,
  instance: number,
  component: Component | undefined,
): ComponentStatus {
  const done = component?.once === true && container.State === 'exited' && container.ExitCode === 0;
  const ready =
    done ||
    (container.State === 'running' &&
      (container.Health ?? '') !== 'unhealthy' &&
      container.Health !== 'starting');
  return {
    name: instanceName(container.Service, instance),
    component: container.Service,
    instance,
    state: done ? 'done' : ready ? 'ready' : container.State === 'running' ? 'starting' : 'failing',
    ready,
    pid: null,
    restarts: 0,
    url: publishedUrl(container.Service, component),
    reason: ready ? null : `${container.State}${container.Health ? `, ${container.Health}` : ''}`,
    since: '',
  };
}

function publishedUrl(service: string, component: Component | undefined): string | null {
  if (service === 'kafka-ui') return `http://127.0.0.1:${process.env.KAFKA_UI_PORT || KAFKA_UI_PORT}`;
  return component && PUBLISHED.has(service) ? component.url(0) : null;
}

/** The stack as containers of docker-compose.yml. */
export function composeStack(): Stack {
  const home = homeFolder();
  const settings = readSettings();
  const table = components(settings, '');
  const external = table.filter((component) => component.external).map((component) => component.name);
  const { url, external: notEmulated } = cloudWatchOf(settings);
  const cloudwatch = notEmulated
    ? { AWS_ENDPOINT_URL: url ?? '', POLLER_CONFIG: process.env.VECTADB_CONFIG ?? './config.yaml' }
    : {};
  const environment = () => ({ ...process.env, ...cloudwatch, VECTADB_API_KEY: developmentApiKey(home) });
  const compose = async (args: string[]) => {
    const code = await inherit('docker', ['compose', ...args], environment());
    if (code !== 0) throw new UserError(`docker compose ${args[0]} failed with exit code ${code}`);
  };
  const status = async () => {
    const { stdout } = await execute('docker', ['compose', 'ps', '--all', '--format', 'json'], {
      cwd: projectRoot(),
      env: environment(),
      timeout: 30_000,
    });
    const seen = new Map<string, number>();
    const states = parseContainers(stdout).map((container) => {
      const instance = seen.get(container.Service) ?? 0;
      seen.set(container.Service, instance + 1);
      return describeContainer(
        container,
        instance,
        table.find((component) => component.name === container.Service),
      );
    });
    return report('docker', states, readApiKey(home));
  };
  return {
    mode: 'docker',
    status,
    up: async ({ progress, limitMs }) => {
      progress('starting containers');
      const wait = ['--wait', '--wait-timeout', String(Math.ceil(limitMs / 1_000))];
      if (external.length === 0) await compose(['up', '--detach', '--build', ...wait]);
      else {
        const ours = table.map((component) => component.name).filter((name) => !external.includes(name));
        progress(`not started, addresses are set: ${external.join(', ')}`);
        await compose(['up', '--detach', '--build', '--no-deps', ...wait, ...ours]);
      }
      return status();
    },
    down: () => compose(['down', '--timeout', '30']),
    logs: (component, { lines, follow }) =>
      compose([
        'logs',
        '--tail',
        String(lines),
        ...(follow ? ['--follow'] : []),
        ...(component ? [component] : []),
      ]),
    clean: ({ cache }) => compose(['down', '--volumes', ...(cache ? ['--rmi', 'local'] : [])]),
    scale: (component, instances) =>
      compose([
        'up',
        '--detach',
        '--no-deps',
        '--no-recreate',
        '--scale',
        `${component}=${instances}`,
        component,
      ]),
  };
}
