import type { Logger } from '../../lib/telemetry/logger.js';
import { ApiError, CloudWatchApi } from './adapters/cloudwatch-api.js';
import { GroupDirectory } from './adapters/directory.js';
import { Mutex, RequestGate, Slots } from './adapters/request-gate.js';
import { AssumeRoleError } from './adapters/sts.js';
import type { Target } from './adapters/target.js';
import type { PollerConfig } from './config.js';

/** The credentials cannot be used: nothing can be read, and only its operator can mend it. */
export class CredentialsError extends Error {
  override name = 'CredentialsError';
}

/** Accounts and regions with their clients. */
export function makeTargets(config: PollerConfig): Target[] {
  const memory = new Mutex();
  return config.targets.map(({ selectors, ...options }) => ({
    api: new CloudWatchApi(options),
    // slots of its own: a region that does not answer holds up none but its own groups
    gate: new RequestGate(config.requestsPerSecond, new Slots(config.concurrentRequests, memory)),
    selectors,
  }));
}

export const makeDirectory = (targets: Target[], config: PollerConfig, logger: Logger): GroupDirectory =>
  new GroupDirectory(targets, config.discoveryIntervalMs, logger);

/**
 * Asks every account and region whether it knows us. A service that does not answer is waited for later; a role that
 * cannot be assumed, and a region that refuses what another accepts, are reported and tried again by whoever reads there.
 * @throws CredentialsError where our own credentials are refused and nobody accepts them.
 */
export async function checkCredentials(targets: Target[], logger: Logger): Promise<void> {
  const outcomes = await Promise.all(targets.map(checkTarget));
  const refused = outcomes.filter(({ credentials }) => credentials === 'refused');
  if (refused.length > 0 && !outcomes.some(({ credentials }) => credentials === 'accepted')) {
    const reasons = refused.map(({ label, error }) => `${label}: ${error!.message.replace(/\.$/, '')}`);
    throw new CredentialsError(`${reasons.join('; ')}. ${ADVICE}`);
  }
  for (const { label, error } of outcomes) {
    if (error === null) continue;
    const log = { target: label, kind: error.kind, reason: error.message };
    if (error.kind === 'role') logger.error(log, 'the role cannot be assumed; trying again');
    else if (error.kind === 'credentials')
      logger.error(log, 'the credentials are not accepted there; trying again');
    else logger.warn(log, 'CloudWatch Logs does not answer yet');
  }
}

interface CheckOutcome {
  label: string;
  /** What became of our own credentials, those that roles are assumed with. */
  credentials: 'accepted' | 'refused' | 'unknown';
  error: ApiError | null;
}

async function checkTarget({ api }: Target): Promise<CheckOutcome> {
  const { label } = api;
  try {
    await api.checkCredentials();
    return { label, credentials: 'accepted', error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // STS knows us where it says that we may not, and where it gave credentials that CloudWatch then refused
    const isOwn = !api.hasRole || error.cause instanceof AssumeRoleError;
    if (error.kind === 'role' || (error.kind === 'credentials' && !isOwn))
      return { label, credentials: 'accepted', error };
    return { label, credentials: error.kind === 'credentials' ? 'refused' : 'unknown', error };
  }
}

const ADVICE =
  'Give the poller credentials that may read CloudWatch Logs: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ' +
  'or the role of its task, pod or instance; then try `aws sts get-caller-identity` in the same environment. ' +
  'docs/cloudwatch.md lists the permissions';
