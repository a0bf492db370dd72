import type { Logger } from '../../lib/telemetry/logger.js';
import { ApiError, CloudWatchApi } from './adapters/cloudwatch-api.js';
import { GroupDirectory } from './adapters/directory.js';
import { RequestGate, Slots } from './adapters/request-gate.js';
import type { Target } from './adapters/target.js';
import type { PollerConfig } from './config.js';

/** The credentials cannot be used: nothing can be read, and only its operator can mend it. */
export class CredentialsError extends Error {
  override name = 'CredentialsError';
}

/** Accounts and regions with their clients. */
export function makeTargets(config: PollerConfig): Target[] {
  const slots = new Slots(config.concurrentRequests);
  return config.targets.map(({ selectors, ...options }) => ({
    api: new CloudWatchApi(options),
    gate: new RequestGate(config.requestsPerSecond, slots),
    selectors,
  }));
}

export const makeDirectory = (targets: Target[], config: PollerConfig, logger: Logger): GroupDirectory =>
  new GroupDirectory(targets, config.discoveryIntervalMs, logger);

/**
 * Asks every account and region whether it knows us. A service that does not answer is waited for later; a role that
 * cannot be assumed is reported while others can.
 * @throws CredentialsError where no account accepts our credentials.
 */
export async function checkCredentials(targets: Target[], logger: Logger): Promise<void> {
  const refused: { target: Target; error: ApiError }[] = [];
  await Promise.all(
    targets.map(async (target) => {
      try {
        await target.api.checkCredentials();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.kind === 'credentials' || (error.kind === 'denied' && target.api.hasRole))
          refused.push({ target, error });
        else
          logger.warn(
            { target: target.api.label, reason: error.message },
            'CloudWatch Logs does not answer yet',
          );
      }
    }),
  );
  if (refused.length === 0) return;
  if (refused.length === targets.length || refused.some(({ target }) => !target.api.hasRole)) {
    const reasons = refused.map(
      ({ target, error }) => `${target.api.label}: ${error.message.replace(/\.$/, '')}`,
    );
    throw new CredentialsError(`${reasons.join('; ')}. ${ADVICE}`);
  }
  for (const { target, error } of refused)
    logger.error(
      { target: target.api.label, reason: error.message },
      'the role cannot be assumed; trying again',
    );
}

const ADVICE =
  'Give the poller credentials that may read CloudWatch Logs: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ' +
  'or the role of its task, pod or instance; then try `aws sts get-caller-identity` in the same environment. ' +
  'docs/cloudwatch.md lists the permissions';
