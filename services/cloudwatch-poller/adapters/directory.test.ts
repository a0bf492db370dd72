import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogGroupSelector } from '../../../lib/config/log-group-matcher.js';
import { CloudWatchApi } from './cloudwatch-api.js';
import { GroupDirectory } from './directory.js';
import { Mutex, RequestGate, Slots } from './request-gate.js';

const ACCOUNT = '111122223333';
/** CloudWatch Logs that lists groups, page by page, or refuses; and STS, which says who we are. */
const service = { groups: [] as string[], refusal: null as string | null, prefixes: [] as string[] };
const PAGE = 2;
const IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (text.startsWith('Action=GetCallerIdentity')) {
        response.setHeader('content-type', 'text/xml').end(IDENTITY);
        return;
      }
      const { logGroupNamePrefix = '', nextToken = '0' } = JSON.parse(text) as Record<string, string>;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (service.refusal !== null) {
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: service.refusal, message: 'refused' }));
        return;
      }
      service.prefixes.push(logGroupNamePrefix);
      const names = service.groups.filter((name) => name.startsWith(logGroupNamePrefix));
      const from = Number(nextToken);
      const logGroups = names.slice(from, from + PAGE).map((logGroupName) => ({
        logGroupName,
        arn: `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${logGroupName}:*`,
      }));
      const more = from + PAGE < names.length;
      response.end(JSON.stringify({ logGroups, ...(more ? { nextToken: String(from + PAGE) } : {}) }));
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
beforeEach(() => {
  service.groups = [];
  service.refusal = null;
  service.prefixes = [];
});

function open(...selectors: LogGroupSelector[]) {
  const api = new CloudWatchApi({ region: 'eu-west-1', account: null });
  const gate = new RequestGate(5, new Slots(1, new Mutex()));
  const directory = new GroupDirectory([{ api, gate, selectors }], 20, pino({ level: 'silent' }));
  const changes: string[][] = [];
  const names = () => [...directory.groups().keys()].map((key) => key.replace(`${ACCOUNT}/eu-west-1/`, ''));
  directory.on('changed', () => changes.push(names()));
  return { directory, names, changes };
}

describe('the log groups that are read', () => {
  it.each([
    ['one that is named, though there is none', [{ name: '/a' }], ['/z'], ['/a']],
    ['none of a prefix that none has', [{ prefix: '/a' }], ['/z'], []],
    [
      'those of a prefix, of all pages',
      [{ prefix: '/a' }],
      ['/a1', '/a2', '/a3', '/b'],
      ['/a1', '/a2', '/a3'],
    ],
    ['the one that is the prefix', [{ prefix: '/a' }], ['/a'], ['/a']],
    ['those that a pattern finds anywhere', [{ pattern: 'prod' }], ['/x/prod/y', '/dev'], ['/x/prod/y']],
    ['those of an anchored pattern', [{ pattern: '^/a-\\d+$' }], ['/a-1', '/a-x', '/b/a-1'], ['/a-1']],
    ['one of several selectors once', [{ name: '/a' }, { prefix: '/a' }, { pattern: 'a' }], ['/a'], ['/a']],
  ] as [string, LogGroupSelector[], string[], string[]][])(
    'are %s',
    async (_what, selectors, there, wanted) => {
      service.groups = there;
      const { directory, names } = open(...selectors);
      await directory.refresh();
      expect(names()).toEqual(wanted);
    },
  );

  it('are listed below the text that an anchored pattern begins with', async () => {
    await open({ pattern: '^/aws/lambda/[a-z]+$' }).directory.refresh();
    expect(service.prefixes).toContain('/aws/lambda/');
  });

  it('are told of when one comes or goes, and at no other time', async () => {
    service.groups = ['/a/1'];
    const { directory, changes } = open({ prefix: '/a/' });
    const running = directory.run();
    await vi.waitFor(() => expect(changes).toEqual([['/a/1']]));
    service.groups = ['/a/1', '/a/2', '/other'];
    await vi.waitFor(() => expect(changes.at(-1)).toEqual(['/a/1', '/a/2']));
    service.groups = ['/a/2'];
    await vi.waitFor(() => expect(changes.at(-1)).toEqual(['/a/2']));
    const listings = service.prefixes.length;
    await vi.waitFor(() => expect(service.prefixes.length).toBeGreaterThan(listings + 3));
    expect(changes).toHaveLength(3);
    directory.close();
    await running;
  });

  it('stay known while a listing fails, and the failure is told until one succeeds', async () => {
    service.groups = ['/a/1'];
    const { directory, names, changes } = open({ prefix: '/a/' });
    await directory.refresh();
    service.refusal = 'AccessDeniedException';
    service.groups = [];
    await directory.refresh();
    expect(names()).toEqual(['/a/1']);
    expect(directory.troubles.get('eu-west-1')?.kind).toBe('denied');
    service.refusal = null;
    await directory.refresh();
    expect(names()).toEqual([]);
    expect(directory.troubles.size).toBe(0);
    expect(changes).toEqual([['/a/1'], []]);
  });

  it('are those that are named where nothing may be listed, not even for the number of the account', async () => {
    service.groups = ['/b/1'];
    service.refusal = 'AccessDeniedException';
    const { directory, names } = open({ name: '/a' }, { prefix: '/b' });
    await directory.refresh();
    expect(names()).toEqual(['/a']);
    expect(directory.troubles.get('eu-west-1')?.kind).toBe('denied');
    service.refusal = null;
    await directory.refresh();
    expect(names()).toEqual(['/a', '/b/1']);
  });
});
