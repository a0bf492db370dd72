import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of an authority and of what it has issued. */
export interface Certificates {
  /** The authority's own certificate. */
  ca: string;
  /** For 127.0.0.1 and localhost. */
  server: Issued;
  client: Issued;
}

export interface Issued {
  cert: string;
  key: string;
  /** Both in one file, as Kafka's PEM key stores have them. */
  both: string;
}

/** Whether there is an `openssl` to make certificates with: Node itself signs none. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    // not installed: whoever asks says so
    return false;
  }
}

/** Makes an authority in `folder` that issues one certificate to a server on this machine and one to a client. */
export function makeCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const days = ['-days', '2'];
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const [caKey, ca] = [file('ca.key'), file('ca.pem')];
  openssl(
    'req',
    '-x509',
    ...key,
    ...days,
    '-keyout',
    caKey,
    '-out',
    ca,
    '-subj',
    '/CN=VectaDB test authority',
  );
  const issue = (name: string, extensions: string): Issued => {
    const made = { cert: file(`${name}.pem`), key: file(`${name}.key`), both: file(`${name}-both.pem`) };
    const [request, extensionFile] = [file(`${name}.csr`), file(`${name}.ext`)];
    writeFileSync(extensionFile, extensions);
    openssl('req', ...key, '-keyout', made.key, '-out', request, '-subj', `/CN=vectadb-${name}`);
    openssl(
      ...['x509', '-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', ...days],
      ...['-extfile', extensionFile, '-out', made.cert],
    );
    writeFileSync(made.both, `${readFileSync(made.key, 'utf8')}${readFileSync(made.cert, 'utf8')}`);
    return made;
  };
  return {
    ca,
    server: issue('server', 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n'),
    client: issue('client', 'extendedKeyUsage=clientAuth\n'),
  };
}
