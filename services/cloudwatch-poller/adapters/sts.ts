import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import type { AwsAccountConfig } from '../../../lib/config/app-config.js';

const SESSION_NAME = 'vectadb-cloudwatch-poller';
/** Whoever asks waits for it, and a poller that is stopped waits for whoever asks. */
const ANSWER_LIMIT_MS = 4_000;

/** What is the same for all calls: who asks again, and when, is said by who wanted the credentials. */
const CLIENT = {
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: ANSWER_LIMIT_MS,
    requestTimeout: ANSWER_LIMIT_MS,
    socketTimeout: ANSWER_LIMIT_MS,
    throwOnRequestTimeout: true,
  },
};

/** STS, or the credentials it is asked with, gave no credentials for a role; `cause` says why. */
export class AssumeRoleError extends Error {
  override name = 'AssumeRoleError';
  constructor(role: string, cause: unknown) {
    super(`${role}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The client of STS costs memory that a poller without roles need not pay. */
const loadSts = () => import('./sts.bundle.js');

/**
 * Credentials of a role, asked for with those of the environment. The client that uses them renews them in time.
 * Rejects with {@link AssumeRoleError}.
 */
export function assumeRole(account: AwsAccountConfig, region: string): AwsCredentialIdentityProvider {
  return async (): Promise<AwsCredentialIdentity> => {
    const { AssumeRoleCommand, STSClient } = await loadSts();
    const client = new STSClient({ ...CLIENT, region });
    try {
      const { Credentials: given } = await client.send(
        new AssumeRoleCommand({
          RoleArn: account.role_arn,
          RoleSessionName: SESSION_NAME,
          ...(account.external_id === undefined ? {} : { ExternalId: account.external_id }),
        }),
      );
      return {
        accessKeyId: given!.AccessKeyId!,
        secretAccessKey: given!.SecretAccessKey!,
        sessionToken: given!.SessionToken!,
        expiration: given!.Expiration!,
      };
    } catch (error) {
      throw new AssumeRoleError(account.role_arn, error);
    } finally {
      client.destroy();
    }
  };
}

/** Account that credentials belong to; nobody can be denied this call. */
export async function callerAccount(
  region: string,
  credentials: AwsCredentialIdentityProvider,
): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await loadSts();
  const client = new STSClient({ ...CLIENT, region, credentials });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Account!;
  } finally {
    client.destroy();
  }
}
