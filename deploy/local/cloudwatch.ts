import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { EMULATOR_CREDENTIALS } from './moto.js';
import type { LocalSettings } from './settings.js';

/** Which log groups the poller reads of the emulator, below the repository: all of them. */
export const EMULATOR_CONFIG = 'deploy/local/moto/config.yaml';

/** Where the poller of the local stack reads CloudWatch. */
export interface CloudWatchChoice {
  /** null: AWS itself, which has one for each region. */
  url: string | null;
  /** Set where it is not the emulator that is started here. */
  external?: string;
  /** The poller's own variables; undefined takes one of the user's away. */
  pollerEnv: Record<string, string | undefined>;
}

/** The user's own endpoint, AWS itself, or the emulator. */
export function cloudWatchOf(settings: LocalSettings): CloudWatchChoice {
  const own = settings.AWS_ENDPOINT_URL ?? null;
  if (own !== null || settings.CLOUDWATCH === 'aws')
    return { url: own, external: own ?? 'AWS', pollerEnv: {} };
  const url = `http://127.0.0.1:${settings.MOTO_PORT}`;
  return {
    url,
    pollerEnv: {
      ...EMULATOR_CREDENTIALS,
      AWS_SESSION_TOKEN: undefined,
      AWS_PROFILE: undefined,
      AWS_ENDPOINT_URL: url,
      VECTADB_CONFIG: join(projectRoot(), EMULATOR_CONFIG),
    },
  };
}
