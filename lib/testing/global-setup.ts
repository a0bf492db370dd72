import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { dockerAnswers } from '../../deploy/local/docker.js';
import { installParts, requireTools } from '../../deploy/local/prepare.js';
import { projectRoot } from '../config/root.js';

/**
 * Runs once before the tests that start services. dist/ is what they start, so it must be what the sources say; what
 * the stack needs is downloaded here, where it may take its time, and not in a test's hook.
 */
export default async function setup(): Promise<void> {
  execFileSync(process.execPath, [join(projectRoot(), 'scripts/build.mjs'), '--quiet'], {
    cwd: projectRoot(),
    stdio: 'inherit',
  });
  if (await dockerAnswers()) return;
  const parts = ['kafka', 'registry', 'surreal', 'qdrant', 'moto'];
  requireTools(parts);
  await installParts(parts, (message) => console.error(message));
}
