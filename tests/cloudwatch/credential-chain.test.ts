import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnService } from '../../lib/testing/service.js';
import { until } from './run.js';

const LIMIT_MS = 30_000;
const ROLE = 'arn:aws:iam::123456789012:role/poller';
const EXPIRES = '2099-01-01T00:00:00Z';
const SSO_TOKEN = 'sso-access-token';
const NEW_SSO_TOKEN = 'renewed-sso-access-token';

let folder: string;
let server: Server;
let endpoint: string;
/** Whoever signed a request to CloudWatch Logs. */
let callers: Set<string>;

/** Every place that AWS gives credentials out at, each with an access key of its own. */
function answer(request: IncomingMessage, body: string): { status: number; type: string; body: string } {
  const json = (value: object, status = 200) => ({
    status,
    type: 'application/json',
    body: JSON.stringify(value),
  });
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target.startsWith('Logs_')) {
    callers.add(/Credential=([^/]+)\//.exec(String(request.headers.authorization))?.[1] ?? 'nobody');
    return json({ logGroups: [] });
  }
  const action = new URLSearchParams(body).get('Action');
  if (action === 'AssumeRole') return assumed('AssumeRole', 'AKIAASSUMED');
  if (action === 'AssumeRoleWithWebIdentity') {
    const token = new URLSearchParams(body).get('WebIdentityToken');
    return assumed(action, token === 'projected-token' ? 'AKIAIRSA' : 'AKIAWRONG');
  }
  const url = request.url!;
  const keys = (AccessKeyId: string) => ({
    AccessKeyId,
    SecretAccessKey: 'secret',
    Token: 'session',
    Expiration: EXPIRES,
    Code: 'Success',
  });
  if (url === '/container' && request.headers.authorization === 'container-token')
    return json(keys('AKIACONTAINER'));
  if (url.startsWith('/federation/credentials')) {
    const accessKeyId = {
      [SSO_TOKEN]: 'AKIASSO',
      [NEW_SSO_TOKEN]: 'AKIASSORENEWED',
    }[String(request.headers['x-amz-sso_bearer_token'])];
    const roleCredentials = { accessKeyId, secretAccessKey: 's', sessionToken: 't', expiration: 4e12 };
    return accessKeyId ? json({ roleCredentials }) : json({ message: 'UnauthorizedException' }, 401);
  }
  if (url === '/token') return json({ accessToken: NEW_SSO_TOKEN, expiresIn: 3_600, tokenType: 'Bearer' });
  if (url === '/latest/api/token') return { status: 200, type: 'text/plain', body: 'imds-token' };
  if (url === '/latest/meta-data/iam/security-credentials/')
    return { status: 200, type: 'text/plain', body: 'instance-role' };
  if (url.startsWith('/latest/meta-data/iam/security-credentials/instance-role'))
    return json(keys('AKIAINSTANCE'));
  return json({ message: `nothing is known of ${request.method} ${url}` }, 404);
}

function assumed(action: string, key: string) {
  const credentials = `<AccessKeyId>${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${EXPIRES}</Expiration>`;
  const result = `<Credentials>${credentials}</Credentials><AssumedRoleUser><Arn>${ROLE}</Arn><AssumedRoleId>A:b</AssumedRoleId></AssumedRoleUser>`;
  const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result></${action}Response>`;
  return { status: 200, type: 'text/xml', body };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, type, body } = answer(request, Buffer.concat(chunks).toString('utf8'));
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  folder = mkdtempSync(join(tmpdir(), 'vectadb-credential-chain-'));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('config.yaml', 'aws_region: us-east-1\nlog_groups: [{ prefix: /aws/lambda/ }]\n');
  write('web-identity', 'projected-token');
  mkdirSync(join(folder, '.aws', 'sso', 'cache'), { recursive: true });
  write(
    '.aws/credentials',
    '[ops]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n',
  );
  const printed = '{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"s"}';
  const ssoProfile = (session: string) =>
    `[profile ${session}]\nsso_session = ${session}\nsso_account_id = 123456789012\nsso_role_name = poller\n` +
    `[sso-session ${session}]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n`;
  write(
    '.aws/config',
    `[profile role]\nrole_arn = ${ROLE}\nsource_profile = base\n` +
      `[profile process]\ncredential_process = echo '${printed}'\n${ssoProfile('signed-in')}${ssoProfile('grown-old')}`,
  );
  const token = (session: string, accessToken: string, expiresAt: string) =>
    write(
      `.aws/sso/cache/${createHash('sha1').update(session).digest('hex')}.json`,
      JSON.stringify({
        accessToken,
        expiresAt,
        refreshToken: 'refresh',
        clientId: 'client',
        clientSecret: 'secret',
        registrationExpiresAt: EXPIRES,
        region: 'us-east-1',
        startUrl: 'https://example.awsapps.com/start',
      }),
    );
  token('signed-in', SSO_TOKEN, EXPIRES);
  token('grown-old', 'outdated', '2020-01-01T00:00:00Z');
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

it.each<[string, string, () => Record<string, string>]>([
  ['variables', 'AKIAVARIABLES', () => ({ AWS_ACCESS_KEY_ID: 'AKIAVARIABLES', AWS_SECRET_ACCESS_KEY: 's' })],
  ['a profile', 'AKIAPROFILE', () => ({ AWS_PROFILE: 'ops' })],
  ['a profile with a role', 'AKIAASSUMED', () => ({ AWS_PROFILE: 'role' })],
  ['the process of a profile', 'AKIAPROCESS', () => ({ AWS_PROFILE: 'process' })],
  ['single sign-on', 'AKIASSO', () => ({ AWS_PROFILE: 'signed-in' })],
  ['single sign-on whose token has to be renewed', 'AKIASSORENEWED', () => ({ AWS_PROFILE: 'grown-old' })],
  [
    'a web identity (IRSA)',
    'AKIAIRSA',
    () => ({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'web-identity') }),
  ],
  [
    "a container's role",
    'AKIACONTAINER',
    () => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'container-token',
    }),
  ],
  [
    "an instance's role",
    'AKIAINSTANCE',
    () => ({ AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }),
  ],
])('reads with the credentials of %s', async (_what, expected, env) => {
  callers = new Set();
  const poller = await spawnService('cloudwatch-poller', join(folder, 'logs'), {
    env: {
      HOME: folder,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_PROFILE: '',
      AWS_ENDPOINT_URL: endpoint,
      VECTADB_CONFIG: join(folder, 'config.yaml'),
      // nothing listens there: credentials come first
      KAFKA_BROKERS: '127.0.0.1:9',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9',
      ...env(),
    },
  });
  try {
    await Promise.race([until(() => callers.size > 0, LIMIT_MS), poller.exited]);
  } finally {
    await poller.kill();
  }
  expect([...callers], poller.output()).toEqual([expected]);
});
