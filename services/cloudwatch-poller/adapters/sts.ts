import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import type { AwsAccountConfig } from '../../../lib/config/app-config.js';

const SESSION_NAME = 'vectadb-cloudwatch-poller';

/** The client of STS costs memory that a poller without roles need not pay. */
const loadSts = () => import('./sts.bundle.js');

/** Credentials of a role, asked for with those of the environment. The client that uses them renews them in time. */
export function assumeRole(account: AwsAccountConfig, region: string): AwsCredentialIdentityProvider {
  return async (): Promise<AwsCredentialIdentity> => {
    const { AssumeRoleCommand, STSClient } = await loadSts();
    const client = new STSClient({ region });
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
  const client = new STSClient({ region, credentials });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Account!;
  } finally {
    client.destroy();
  }
}
