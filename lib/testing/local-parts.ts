import { join } from 'node:path';
import type { LocalComponent } from '../../deploy/local/component.js';
import { cacheFolder } from '../../deploy/local/home.js';
import { installKafka, startKafka } from '../../deploy/local/kafka.js';
import { EMULATOR_CREDENTIALS, installMoto, startMoto } from '../../deploy/local/moto.js';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import { installQdrant, startQdrant } from '../../deploy/local/qdrant.js';
import { installRegistry, startRegistry } from '../../deploy/local/registry.js';
import { startSurreal } from '../../deploy/local/surreal.js';
import type { PartName, StackOptions, StartedParts, TestPart } from './stack.js';

const CREDENTIALS = { user: 'root', password: 'root' };

/** The test's handle on a local part: `start` starts it again on the same port and data. */
async function testPart(logFile: string, start: () => Promise<LocalComponent>): Promise<TestPart> {
  let current = await start();
  const end = (limitMs: number) => current.stop(limitMs);
  return {
    url: current.url,
    logFile,
    kill: () => end(0),
    stop: () => end(10_000),
    restart: async () => {
      if (current.process.running()) await end(10_000);
      current = await start();
    },
    pause: async () => current.process.signal('SIGSTOP'),
    resume: async () => current.process.signal('SIGCONT'),
    running: async () => current.process.running(),
  };
}

/** Starts the wanted parts side by side as child processes, each on a reserved port, with data below `folder`. */
export async function startLocalParts(
  wanted: readonly PartName[],
  folder: string,
  {
    progress,
    kafkaBehindPort,
    kafkaData,
  }: Pick<StackOptions, 'progress' | 'kafkaBehindPort' | 'kafkaData'> = {},
): Promise<StartedParts> {
  const cacheDir = cacheFolder();
  const parts: Partial<Record<PartName, TestPart>> = {};
  const env: Record<string, string> = {};
  const reservations: Reservation[] = [];
  const reserve = async () => {
    const reservation = await reservePort();
    reservations.push(reservation);
    return reservation.port;
  };
  const start = async (name: PartName) => {
    const options = {
      port: await reserve(),
      dataDir: join(folder, name),
      logFile: join(folder, 'logs', `${name}.log`),
      cacheDir,
    };
    switch (name) {
      case 'kafka': {
        await installKafka(cacheDir, progress);
        const controllerPort = await reserve();
        const behind = kafkaBehindPort ? { port: kafkaBehindPort, innerPort: await reserve() } : undefined;
        const dataDir = kafkaData ?? options.dataDir;
        parts.kafka = await testPart(options.logFile, () =>
          startKafka({ ...options, dataDir, controllerPort, behind, shortLived: true }),
        );
        env.KAFKA_BROKERS = parts.kafka.url;
        return;
      }
      case 'registry':
        await installRegistry(cacheDir, progress);
        parts.registry = await testPart(options.logFile, () =>
          startRegistry({ ...options, shortLived: true }),
        );
        env.SCHEMA_REGISTRY_URL = parts.registry.url;
        return;
      case 'surreal':
        parts.surreal = await testPart(options.logFile, () => startSurreal({ ...options, ...CREDENTIALS }));
        env.SURREAL_URL = parts.surreal.url;
        env.SURREAL_USER = CREDENTIALS.user;
        env.SURREAL_PASS = CREDENTIALS.password;
        return;
      case 'qdrant':
        await installQdrant(cacheDir, progress);
        parts.qdrant = await testPart(options.logFile, () => startQdrant(options));
        env.QDRANT_URL = parts.qdrant.url;
        return;
      case 'moto':
        await installMoto(cacheDir, progress);
        parts.moto = await testPart(options.logFile, () => startMoto(options));
        Object.assign(env, { AWS_ENDPOINT_URL: parts.moto.url, ...EMULATOR_CREDENTIALS });
        return;
    }
  };
  const destroy = async () => {
    await Promise.all(Object.values(parts).map((part) => part.kill()));
    for (const reservation of reservations) reservation.release();
  };
  const results = await Promise.allSettled(wanted.map(start));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await destroy();
    throw failed.reason;
  }
  return { parts, env, destroy };
}
