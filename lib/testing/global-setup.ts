import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../config/root.js';

/** Runs once before the tests that start services: dist/ is what they start, so it must be what the sources say. */
export default function setup(): void {
  execFileSync(process.execPath, [join(projectRoot(), 'scripts/build.mjs'), '--quiet'], {
    cwd: projectRoot(),
    stdio: 'inherit',
  });
}
