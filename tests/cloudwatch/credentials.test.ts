import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnService } from '../../lib/testing/service.js';

let folder: string;
let server: Server;
let endpoint: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-credentials-'));
  writeFileSync(
    join(folder, 'config.yaml'),
    'aws_region: us-east-1\nlog_groups: [{ prefix: /aws/lambda/ }]\n',
  );
  // as AWS answers whom it does not know
  server = createServer((_request, response) => {
    const body = {
      __type: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    };
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

it.each([
  ['wrong credentials', { AWS_ACCESS_KEY_ID: 'AKIAWRONG', AWS_SECRET_ACCESS_KEY: 'wrong' }, 'security token'],
  ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'redentials'],
])('ends with %s, and says what to do', async (_what, keys, reason) => {
  const poller = await spawnService('cloudwatch-poller', join(folder, 'logs'), {
    env: {
      ...keys,
      HOME: folder, // no ~/.aws
      AWS_PROFILE: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: endpoint,
      VECTADB_CONFIG: join(folder, 'config.yaml'),
      // nothing listens there: credentials come first
      KAFKA_BROKERS: '127.0.0.1:9',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9',
    },
  });
  const exit = await Promise.race([
    poller.exited,
    new Promise<null>((resolve) => setTimeout(resolve, 30_000, null)),
  ]);
  if (exit === null) await poller.kill();
  expect(exit?.code).toBeGreaterThan(0);
  const last = poller.output().trim().split('\n').at(-1)!;
  expect(JSON.parse(last)).toMatchObject({ level: 'fatal' });
  expect(last).toContain(reason);
  expect(last).toContain('AWS_ACCESS_KEY_ID');
});
