import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../lib/config/root.js';
import { components } from './components.js';
import { describeContainer, parseContainers } from './compose-stack.js';
import { readSettings } from './settings.js';

const text = readFileSync(join(projectRoot(), 'docker-compose.yml'), 'utf8');
const images = parseEnv(readFileSync(join(projectRoot(), '.env'), 'utf8'));
const { services, volumes } = parse(text, { merge: true }) as {
  services: Record<string, Record<string, unknown>>;
  volumes: Record<string, unknown>;
};
const table = components(readSettings({}), 'key', {});

it('has a container for every component of the local stack, with the same dependencies', () => {
  for (const component of table) {
    const service = services[component.name];
    expect(service, component.name).toBeDefined();
    expect(Object.keys(service?.depends_on ?? {}).sort(), component.name).toEqual(
      // The container's registry keeps its schemas in the cluster.
      component.name === 'registry' ? ['kafka'] : [...component.dependsOn].sort(),
    );
  }
});

it('pins every image in .env', () => {
  for (const [name, service] of Object.entries(services)) {
    if (service.build) continue;
    const variable = /^\$\{(\w+)\}$/.exec(String(service.image))?.[1] ?? '';
    expect(images[variable], name).toMatch(/^[\w./-]+:v?\d[\w.-]+$/);
  }
});

it('checks the health of every container, and keeps what is stored in volumes', () => {
  for (const [name, service] of Object.entries(services)) {
    if (!service.build) expect(service.healthcheck, name).toBeDefined();
  }
  expect(Object.keys(volumes)).toEqual(expect.arrayContaining(['kafka', 'surreal', 'qdrant']));
});

const compose = spawnSync('docker-compose', ['--version']).status === 0;
it.runIf(compose)('is accepted by docker-compose', () => {
  const { status, stderr } = spawnSync('docker-compose', ['config', '--quiet'], {
    cwd: projectRoot(),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it.each([
  ['', []],
  ['[{"Service":"kafka","State":"running"}]', ['kafka']],
  ['{"Service":"kafka","State":"running"}\n{"Service":"topics","State":"exited"}\n', ['kafka', 'topics']],
])('reads the container list %j', (output, names) => {
  expect(parseContainers(output).map((container) => container.Service)).toEqual(names);
});

it.each([
  [{ Service: 'kafka', State: 'running', Health: 'healthy' }, 'ready', true],
  [{ Service: 'kafka', State: 'running', Health: 'starting' }, 'starting', false],
  [{ Service: 'processor', State: 'restarting' }, 'failing', false],
  [{ Service: 'processor', State: 'exited', ExitCode: 0 }, 'failing', false],
  [{ Service: 'topics', State: 'exited', ExitCode: 0 }, 'done', true],
  [{ Service: 'topics', State: 'exited', ExitCode: 1 }, 'failing', false],
])('describes %j as %s', (container, state, ready) => {
  const component = table.find((each) => each.name === container.Service);
  expect(describeContainer(container, 0, component)).toMatchObject({ state, ready });
});
