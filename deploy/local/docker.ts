import { execFile } from 'node:child_process';

/** True when a Docker engine answers within 5 s; a client alone is not enough. VECTADB_DOCKER=never skips it. */
export const dockerAnswers = (
  environment: Record<string, string | undefined> = process.env,
): Promise<boolean> =>
  environment.VECTADB_DOCKER === 'never'
    ? Promise.resolve(false)
    : says(['version', '--format', '{{.Server.Version}}'], environment);

/** True when an engine answers and `docker compose` (version 2) is there. */
export const composeAnswers = async (
  environment: Record<string, string | undefined> = process.env,
): Promise<boolean> =>
  (await dockerAnswers(environment)) && (await says(['compose', 'version', '--short'], environment));

function says(args: string[], environment: Record<string, string | undefined>): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('docker', args, { timeout: 5_000, env: environment }, (error, output) =>
      resolve(!error && output.trim().length > 0),
    );
  });
}
