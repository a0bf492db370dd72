import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ApiError, CloudWatchApi } from './cloudwatch-api.js';

let server: Server;
let stalls = false;

beforeAll(async () => {
  // the head of an answer and a part of its body, then the connection ends
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': 1_000 });
    response.write('{"events": [', () => {
      if (!stalls) response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
});

it.each([0, 200])('fails when its answer is cut before the body is read, %i ms later', async (waitMs) => {
  const api = new CloudWatchApi({ region: 'us-east-1', account: null });
  const range = { lane: 'fast', fromMs: 0, toMs: 1 } as const;
  const page = api.filterPage('/g', range, null, new AbortController().signal, () => delay(waitMs));
  const late = delay(3_000, 'nothing came of it');
  await expect(Promise.race([page, late])).rejects.toThrow(ApiError);
  api.close();
});

it('fails when nothing more of its answer comes, long before it would hold up others for ever', async () => {
  stalls = true;
  const api = new CloudWatchApi({ region: 'us-east-1', account: null }, { connectMs: 200, answerMs: 200 });
  const range = { lane: 'fast', fromMs: 0, toMs: 1 } as const;
  const page = api.filterPage('/g', range, null, new AbortController().signal, async () => {});
  const late = delay(3_000, 'nothing came of it');
  await expect(Promise.race([page, late])).rejects.toMatchObject({ kind: 'transient' });
  api.close();
});
