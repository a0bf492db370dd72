import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { EMULATOR_CREDENTIALS } from '../../../deploy/local/moto.js';
import { OWN_ACCOUNT } from './identities.js';

/** An account and region of a run. */
export interface Place {
  account: string;
  region: string;
  /** The role that the account is read with; null: the account of the credentials themselves. */
  roleArn: string | null;
}

export const OTHER_ACCOUNT = '210987654321';
export const OTHER_ROLE = `arn:aws:iam::${OTHER_ACCOUNT}:role/vectadb-reader`;
const REGIONS = ['us-east-1', 'eu-west-1'];

/** Two accounts in two regions each. */
export const PLACES: readonly Place[] = REGIONS.flatMap((region) => [
  { account: OWN_ACCOUNT, region, roleArn: null },
  { account: OTHER_ACCOUNT, region, roleArn: OTHER_ROLE },
]);

/** What config.yaml says so that the groups below `prefix` are read in all of {@link PLACES}. */
export const placesConfig = (prefix: string): Record<string, unknown> => ({
  aws_accounts: [{ name: 'other', role_arn: OTHER_ROLE }],
  log_groups: [
    { prefix, regions: REGIONS },
    { prefix, regions: REGIONS, accounts: ['other'] },
  ],
});

const OWN_KEYS = {
  accessKeyId: EMULATOR_CREDENTIALS.AWS_ACCESS_KEY_ID,
  secretAccessKey: EMULATOR_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
};

/** A client of the emulator at `endpoint`, in an account and region. */
export async function clientAt(endpoint: string, { region, roleArn }: Place): Promise<CloudWatchLogsClient> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  if (roleArn === null) return new CloudWatchLogsClient({ endpoint, region, credentials: OWN_KEYS });
  const sts = new STSClient({ endpoint, region, credentials: OWN_KEYS });
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'writer' }),
  );
  sts.destroy();
  const credentials = {
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: given!.SecretAccessKey!,
    sessionToken: given!.SessionToken!,
  };
  return new CloudWatchLogsClient({ endpoint, region, credentials });
}
