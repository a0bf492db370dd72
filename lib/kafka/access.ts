import { connect as connectTls } from 'node:tls';
import type { KafkaSettings } from '../config/connections.js';
import { causesOf, tlsFault } from '../config/tls-fault.js';
import type { Logger } from '../telemetry/logger.js';
import { createKafka } from './cluster.js';
import { FatalError } from './types.js';

const PROBE_LIMIT_MS = 2_000;

/**
 * Why Kafka does not let us in, in words that say what to set; null where another attempt may succeed. Asks the brokers where
 * the error alone does not say it.
 */
export const accessFaultOf = async (settings: KafkaSettings, error: unknown): Promise<string | null> =>
  refusalOf(error) ?? (await protocolFault(settings, error));

function refusalOf(error: unknown): string | null {
  const refused = causesOf(error).find(({ name }) => name === 'KafkaJSSASLAuthenticationError');
  if (refused)
    return `it refuses the login (${refused.message}): check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`;
  const unknown = causesOf(error).find(({ message }) => /SASL .* mechanism is not supported/i.test(message));
  if (unknown) return `it does not know this login (${unknown.message}): check KAFKA_SASL_MECHANISM`;
  return tlsFault(error, 'KAFKA');
}

/**
 * Asks Kafka once whether it lets us in, so that a wrong login or certificate ends a service with its reason, where the
 * clients would try again without end. A cluster that does not answer is none of its business: they wait for it.
 * @throws FatalError
 */
export async function demandKafkaAccess(settings: KafkaSettings, logger: Logger): Promise<void> {
  const admin = createKafka(settings, { retries: 0 }).admin();
  const at = `Kafka at ${settings.brokers.join(', ')}`;
  try {
    await admin.connect();
    // a listener that wants a login lets anybody connect, and closes at the first question
    await admin.describeCluster();
  } catch (error) {
    const fault = await accessFaultOf(settings, error);
    if (fault !== null) throw new FatalError(`${at}: ${fault}`);
    logger.warn({ reason: String(error) }, `${at} does not answer yet`);
  } finally {
    await admin.disconnect().catch(() => {}); // it was only asked
  }
}

/** Where a broker closes a connection without a word: what it would have wanted. */
async function protocolFault(settings: KafkaSettings, error: unknown): Promise<string | null> {
  const closed = causesOf(error).some(
    ({ name, message, code }) =>
      /ConnectionClosed|RequestTimeout/.test(name) ||
      code === 'ECONNRESET' ||
      /closed connection|timeout/i.test(message),
  );
  if (!closed) return null;
  const speaksTls = await anySpeaksTls(settings.brokers);
  if (speaksTls && !settings.tls)
    return 'it speaks TLS there: set KAFKA_TLS=true, and KAFKA_TLS_CA_FILE for an authority of your own';
  if (!speaksTls && settings.tls) return null;
  if (!settings.sasl && causesOf(error).some(({ name }) => name === 'KafkaJSConnectionClosedError'))
    return 'it closes the connection at the first question, as listeners do that want a login: set KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
  return null;
}

async function anySpeaksTls(brokers: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(brokers.map(speaksTls));
  return answers.includes(true);
}

/** Whether a TLS handshake gets as far as a certificate, whoever's it is. */
function speaksTls(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connectTls({
      host: address.slice(0, at),
      port: Number(address.slice(at + 1)),
      // nothing is sent over it: only whether there is a handshake is asked
      rejectUnauthorized: false,
    });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_LIMIT_MS, () => end(false));
    socket.once('secureConnect', () => end(true));
    socket.once('error', (error) => end(/alert/i.test(error.message)));
    socket.once('close', () => end(false));
  });
}
