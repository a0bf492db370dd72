import { join } from 'node:path';
import { cacheFolder } from '../../deploy/local/home.js';
import { run } from '../../deploy/local/install.js';
import { requireJava } from '../../deploy/local/java.js';
import { installKafka, kafkaClassPath, startKafka } from '../../deploy/local/kafka.js';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import type { Certificates } from './certificates.js';

export interface SecureKafka {
  /** Addresses by what they want of a client. */
  plain: string;
  /** TLS and a login: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  login: string;
  /** TLS and a certificate of the client's. */
  mutual: string;
  stop(): Promise<void>;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
const MODULES = 'org.apache.kafka.common.security';

/** A real broker whose listeners want TLS, a login or a certificate. `user` may log in by each mechanism. */
export async function startSecureKafka(
  folder: string,
  certificates: Certificates,
  user: { name: string; password: string },
): Promise<SecureKafka> {
  const cacheDir = cacheFolder();
  await installKafka(cacheDir);
  const reservations: Reservation[] = [];
  const [port, controllerPort, login, mutual] = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const reservation = await reservePort();
      reservations.push(reservation);
      return reservation.port;
    }),
  );
  const scram = `${MODULES}.scram.ScramLoginModule required;`;
  const plain = `${MODULES}.plain.PlainLoginModule required user_${user.name}="${user.password}";`;
  const kafka = await startKafka({
    port: port!,
    controllerPort: controllerPort!,
    dataDir: join(folder, 'secure-kafka'),
    logFile: join(folder, 'logs', 'secure-kafka.log'),
    cacheDir,
    shortLived: true,
    secure: {
      listeners: [
        { name: 'LOGIN', protocol: 'SASL_SSL', port: login! },
        { name: 'MUTUAL', protocol: 'SSL', port: mutual! },
      ],
      properties: {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': certificates.server.both,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': certificates.ca,
        'listener.name.mutual.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': MECHANISMS.join(','),
        'listener.name.login.plain.sasl.jaas.config': plain,
        'listener.name.login.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.login.scram-sha-512.sasl.jaas.config': scram,
      },
    },
  });
  // one mechanism a request: the broker takes no two of one user
  await Promise.all(
    MECHANISMS.slice(1).map((mechanism) =>
      run(
        requireJava(),
        [
          ...['-cp', kafkaClassPath(cacheDir), 'kafka.admin.ConfigCommand'],
          ...['--bootstrap-server', `127.0.0.1:${port}`, '--alter', '--entity-type', 'users'],
          ...['--entity-name', user.name, '--add-config', `${mechanism}=[password=${user.password}]`],
        ],
        { logFile: join(folder, 'logs', `${mechanism}.log`), limitMs: 60_000 },
      ),
    ),
  );
  return {
    plain: `127.0.0.1:${port}`,
    login: `127.0.0.1:${login}`,
    mutual: `127.0.0.1:${mutual}`,
    stop: async () => {
      await kafka.stop(0);
      for (const reservation of reservations) reservation.release();
    },
  };
}
