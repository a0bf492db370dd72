import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../deploy/local/home.js';
import type { Progress } from '../../deploy/local/install.js';
import { startProcess } from '../../deploy/local/process.js';
import { installVenv, venvFolder, venvPython } from '../../deploy/local/python.js';
import { projectRoot } from '../../lib/config/root.js';

const requirements = () => join(projectRoot(), 'tests/fuzz-api/requirements.txt');
const folder = () => venvFolder(cacheFolder(), 'schemathesis', requirements());
/** How long after its time is up it may take to write its report. */
const END_LIMIT_MS = 60_000;

/** What must hold of every answer: no server error, and nothing that the description does not say. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

/** Downloads schemathesis into the cache. Installed already: returns at once. @throws where pip cannot get it. */
export const installSchemathesis = (progress?: Progress): Promise<void> =>
  installVenv(folder(), 'schemathesis', requirements(), progress);

export interface Fuzzed {
  /** 0: nothing was found. */
  code: number;
  /** What it says, with a request for each failure. */
  report: string;
}

/** Requests made up from the gateway's own OpenAPI document, alone and in chains, for `seconds`. Every failure is collected. */
export async function fuzzApi(
  url: string,
  key: string,
  options: { seconds: number; seed: number; logFile: string },
): Promise<Fuzzed> {
  const { seconds, seed, logFile } = options;
  const child = await startProcess({
    command: venvPython(folder()),
    args: [
      ...['-c', 'from schemathesis.cli import schemathesis; schemathesis()', '--no-color', 'run'],
      ...[`${url}/openapi.json`, '--header', `Authorization: Bearer ${key}`],
      ...['--max-time', String(seconds), '--continue-on-failure', '--seed', String(seed)],
      ...['--checks', CHECKS.join(','), '--request-timeout', '20', '--suppress-health-check', 'all'],
      // an answer that never ends is none that it can check
      ...['--exclude-path', '/api/v1/live'],
      ...['--generation-database', 'none', '--workers', '2', '--warnings', 'off'],
    ],
    // what it keeps for later it keeps in the folder that it runs in
    cwd: dirname(logFile),
    env: { ...process.env, HYPOTHESIS_STORAGE_DIRECTORY: `${logFile}.hypothesis` },
    logFile,
  });
  const timer = setTimeout(() => void child.stop(2_000), seconds * 1_000 + END_LIMIT_MS);
  const exit = await child.exited;
  clearTimeout(timer);
  return { code: exit.code ?? 1, report: readFileSync(logFile, 'utf8') };
}
