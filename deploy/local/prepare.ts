import { mkdirSync } from 'node:fs';
import { cacheFolder } from './home.js';
import type { Progress } from './install.js';
import { installKafka, kafkaInstalled } from './kafka.js';
import { installMoto, motoInstalled } from './moto.js';
import { installQdrant, qdrantInstalled } from './qdrant.js';
import { installRegistry, registryInstalled } from './registry.js';
import { missingReport, missingTools, type Tool } from './requirements.js';
import { UserError } from './stack.js';

/** Parts that are downloaded before they can start; the other components come with the repository. */
const PARTS = {
  kafka: { install: installKafka, installed: kafkaInstalled, run: ['java'], get: ['maven'] },
  registry: { install: installRegistry, installed: registryInstalled, run: ['java'], get: ['maven'] },
  qdrant: { install: installQdrant, installed: qdrantInstalled, run: [], get: ['python'] },
  moto: { install: installMoto, installed: motoInstalled, run: [], get: ['python'] },
} as const satisfies Record<
  string,
  {
    install: (cacheDir: string, progress?: Progress) => Promise<void>;
    installed: (cacheDir: string) => boolean;
    run: Tool[];
    get: Tool[];
  }
>;

const partsOf = (names: readonly string[]) =>
  names.flatMap((name) => (name in PARTS ? [PARTS[name as keyof typeof PARTS]] : []));

/** @throws UserError naming at once all tools that this machine lacks to install and run the components. */
export function requireTools(names: readonly string[], cacheDir = cacheFolder()): void {
  const needed = partsOf(names).flatMap((part) => [
    ...part.run,
    ...(part.installed(cacheDir) ? [] : part.get),
  ]);
  const report = missingReport(missingTools([...new Set<Tool>(['node', ...needed])]));
  if (report) throw new UserError(report);
}

/** Downloads side by side what the components need and this machine does not have yet. @throws UserError with every fault. */
export async function installParts(
  names: readonly string[],
  progress: Progress,
  cacheDir = cacheFolder(),
): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const results = await Promise.allSettled(partsOf(names).map((part) => part.install(cacheDir, progress)));
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  if (faults.length > 0) throw new UserError(faults.join('\n'));
}
