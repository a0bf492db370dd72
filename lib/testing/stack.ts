import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dockerAnswers } from '../../deploy/local/docker.js';
import type { Progress } from '../../deploy/local/install.js';
import { guardFolder } from '../../deploy/local/reaper.js';
import { startDockerParts } from './docker-parts.js';
import { startLocalParts } from './local-parts.js';
import { scratchFolder } from './scratch-folder.js';
import { type SpawnOptions, spawnService, type TestService } from './service.js';

/** Which parts of the stack a test needs. */
export interface StackOptions {
  kafka?: boolean;
  registry?: boolean;
  surreal?: boolean;
  qdrant?: boolean;
  /** CloudWatch Logs and STS, emulated. */
  moto?: boolean;
  /** Said as parts are installed; the first run on a machine downloads them. */
  progress?: Progress;
  /** Port of a proxy that the caller puts in front of Kafka: the broker names it to its clients. */
  kafkaBehindPort?: number;
  /** A folder for Kafka's data, else one of the stack's own. The local parts take it; containers keep theirs. */
  kafkaData?: string;
  /** Where the services are built, else dist. */
  dist?: string;
}

export type PartName = 'kafka' | 'registry' | 'surreal' | 'qdrant' | 'moto';

/** One running part. What it had stored survives kill() and restart(). */
export interface TestPart {
  url: string;
  logFile: string;
  /** SIGKILL: nothing is flushed, no connection is closed. Resolves when it has ended. */
  kill(): Promise<void>;
  /** Orderly end. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. Stops it first where it runs. */
  restart(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Whether its process is there. */
  running(): Promise<boolean>;
}

/** A stack of one's own: ports and folders are shared with nobody, so that several can run at once. */
export interface TestStack {
  /** Settings for clients and services: KAFKA_BROKERS, SCHEMA_REGISTRY_URL, SURREAL_*, QDRANT_URL, AWS_*. */
  env: Record<string, string>;
  /** Bootstrap servers, as lib/kafka takes them. */
  brokers: string[];
  /** Temporary folder of this stack; removed by stop(). Logs are in it. */
  folder: string;
  /** @throws where the stack was started without it. */
  part(name: PartName): TestPart;
  /** Starts dist/services/<name>/main.js against this stack. */
  spawnService(name: string, options?: SpawnOptions): Promise<TestService>;
  /** Ends everything and removes the folder. Safe to call twice; what it cannot do any more is done at process end. */
  stop(): Promise<void>;
}

/** Parts by name, and what clients need to reach them. */
export interface StartedParts {
  parts: Partial<Record<PartName, TestPart>>;
  env: Record<string, string>;
  /** Ends all of them at once, without order: their data go with them. */
  destroy(): Promise<void>;
}

/**
 * Starts the parts asked for: containers where a Docker engine answers, else the local ones. Whatever happens to this
 * process, SIGKILL included, none of them outlives it.
 * @throws with the last log lines of the part that did not start, after ending the others.
 */
export async function startStack(options: StackOptions): Promise<TestStack> {
  const folder = scratchFolder('vectadb-test-');
  guardFolder(folder);
  mkdirSync(join(folder, 'logs'));
  const wanted = (['kafka', 'registry', 'surreal', 'qdrant', 'moto'] as const).filter(
    (name) => options[name],
  );
  let started: StartedParts;
  try {
    started = (await dockerAnswers())
      ? await startDockerParts(wanted, folder, options)
      : await startLocalParts(wanted, folder, options);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const services = new Set<TestService>();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await Promise.all([...services].map((service) => service.kill()));
    await started.destroy();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  return {
    env: started.env,
    brokers: started.env.KAFKA_BROKERS?.split(',') ?? [],
    folder,
    part: (name) => {
      const part = started.parts[name];
      if (!part) throw new Error(`this stack was started without ${name}: startStack({ ${name}: true })`);
      return part;
    },
    spawnService: async (name, spawn = {}) => {
      const service = await spawnService(name, join(folder, 'logs'), {
        dist: options.dist,
        ...spawn,
        env: { ...started.env, ...spawn.env },
      });
      services.add(service);
      return service;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
