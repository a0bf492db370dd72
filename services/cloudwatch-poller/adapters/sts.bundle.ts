// All that is used of STS, bundled beside the client of CloudWatch Logs, with which it shares the most of it.
export { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
