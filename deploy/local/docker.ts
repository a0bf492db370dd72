import { execFile } from 'node:child_process';

/** True when a Docker engine answers within 5 s; a client alone is not enough. VECTADB_DOCKER=never skips it. */
export function dockerAnswers(
  environment: Record<string, string | undefined> = process.env,
): Promise<boolean> {
  if (environment.VECTADB_DOCKER === 'never') return Promise.resolve(false);
  return new Promise((resolve) => {
    execFile(
      'docker',
      ['version', '--format', '{{.Server.Version}}'],
      { timeout: 5_000, env: { ...process.env, ...environment } },
      (error, output) => resolve(!error && output.trim().length > 0),
    );
  });
}
