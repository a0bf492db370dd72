import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EMULATOR_CREDENTIALS } from '../../../deploy/local/moto.js';
import { LogWriter } from './log-writer.js';

/** A client of the CloudWatch emulator at `endpoint`. */
export function emulatorClient(endpoint: string): CloudWatchLogsClient {
  // which Node versions later clients will want is of no use to whoever runs this one: its version is pinned
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return new CloudWatchLogsClient({
    endpoint,
    region: EMULATOR_CREDENTIALS.AWS_REGION,
    credentials: {
      accessKeyId: EMULATOR_CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: EMULATOR_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
}

/** Writes into the emulator at `endpoint`. */
export const emulatorWriter = (endpoint: string): LogWriter => new LogWriter(emulatorClient(endpoint));
