import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { archiveOptions, makeArchive } from './class-archive.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { installFromMaven, type Progress, run } from './install.js';
import { requireJava } from './java.js';
import { answers } from './wait.js';

export const REGISTRY_VERSION = '2.6.13.Final';

const home = (cacheDir: string) => join(cacheDir, `registry-${REGISTRY_VERSION}`);

const archive = (cacheDir: string) => join(cacheDir, `registry-${REGISTRY_VERSION}-classes`);

export const registryInstalled = (cacheDir: string): boolean => existsSync(home(cacheDir));

/** Downloads and unpacks Apicurio Registry. Installed already: returns at once. */
export async function installRegistry(cacheDir: string, progress?: Progress): Promise<void> {
  const pom = join(projectRoot(), 'deploy/local/maven/registry.xml');
  await installFromMaven(pom, home(cacheDir), 'registry', progress, async (draft) => {
    progress?.('registry: unpacking');
    const archives = join(draft, 'libs');
    for (const name of readdirSync(archives)) {
      await run('tar', ['-xzf', join(archives, name), '-C', draft], {
        logFile: join(draft, 'tar.txt'),
        limitMs: 120_000,
      });
    }
    rmSync(archives, { recursive: true });
  });
  await makeArchive(
    archive(cacheDir),
    'registry',
    ({ jvm, ports: [port], dataDir }) =>
      startRegistry({ port, dataDir, cacheDir, jvm, logFile: join(dataDir, 'trial.log') }),
    progress,
  );
}

export interface RegistryOptions extends StartOptions {
  heapMb?: number;
  /** A registry that lives for minutes: compiled quickly rather than well. */
  shortLived?: boolean;
  /** More JVM options. */
  jvm?: string[];
}

/** Schemas live in an H2 file in `dataDir`, so that their ids survive. `url` is the Confluent-compatible API. */
export async function startRegistry(options: RegistryOptions): Promise<LocalComponent> {
  const folder = home(options.cacheDir);
  const runner = readdirSync(folder).find((name) => name.endsWith('-runner.jar'));
  if (!runner) throw new Error(`no *-runner.jar in ${folder}: remove that folder and start again`);
  mkdirSync(options.dataDir, { recursive: true });
  const root = `http://127.0.0.1:${options.port}`;
  return startComponent(
    {
      command: requireJava(),
      args: [
        `-Xmx${options.heapMb ?? 256}m`,
        '-XX:+UseSerialGC',
        ...(options.shortLived ? ['-XX:TieredStopAtLevel=1'] : []),
        ...(options.jvm ?? archiveOptions(archive(options.cacheDir))),
        `-Dquarkus.http.host=127.0.0.1`,
        `-Dquarkus.http.port=${options.port}`,
        `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(options.dataDir, 'reg')}`,
        '-Dquarkus.log.console.color=false',
        '-jar',
        join(folder, runner),
      ],
      cwd: options.dataDir,
      logFile: options.logFile,
    },
    {
      what: `the registry on port ${options.port}`,
      url: `${root}/apis/ccompat/v7`,
      check: () => answers(`${root}/health/ready`),
      limitMs: 90_000,
      signal: options.signal,
    },
  );
}
