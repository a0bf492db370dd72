import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { anEvent, NOW_MS, testServer } from './testing/fake-ports.js';

const text = { 'content-type': 'text/plain' };
const ndjson = { 'content-type': 'application/x-ndjson' };
const source = {
  system: 'http',
  account: null,
  region: null,
  log_group: 'app.log',
  log_stream: null,
  log_id: null,
};

describe('POST /api/v1/logs', () => {
  it('takes text line by line, blank lines left out', async () => {
    const { post, recorded } = await testServer();
    const { status, body } = await post('/api/v1/logs?log_group=app.log', 'one\r\n\n  two \n\t\nthree', text);
    expect(status).toBe(200);
    expect(body).toEqual({ accepted: 3, rejected: 0, errors: [] });
    expect(recorded.sent).toEqual(
      ['one', '  two ', 'three'].map((message) => ({
        ok: true,
        key: 'http://app.log/',
        log: { message, timestamp_ms: null, source, event: null, options: null },
      })),
    );
  });

  it.each([
    ['', null],
    ['?agent_id=a&session_id=s', 'http/agent:a'],
    ['?session_id=s', 'http/session:s'],
    ['?system=x&agent_id=a', 'x:///'],
    ['?system=cloudwatch&account=1&region=eu&log_group=g&log_stream=s', 'cloudwatch:1/eu/g/s'],
  ])('keys lines by %s', async (query, key) => {
    const { post, recorded } = await testServer();
    await post(`/api/v1/logs${query}`, 'line', text);
    expect(recorded.sent[0]!.key).toBe(key);
  });

  it('reads each line of NDJSON by the rules of the topic', async () => {
    const { post, recorded } = await testServer();
    const lines = [
      anEvent({ session_id: 'own' }),
      anEvent({ properties: { n: 1 } }),
      { message: 'line', source: { system: 's', log_id: '1' }, timestamp_ms: 5 },
      { message: 'line', source: { system: 's' }, timestamp: '1970-01-01T00:00:00.006Z' },
      { level: 'info', message: 'no source' },
      'a string',
      7,
    ];
    const { body } = await post(
      '/api/v1/logs?session_id=default',
      `${lines.map((line) => JSON.stringify(line)).join('\n')}\nplain text {`,
      ndjson,
    );
    expect(body).toEqual({ accepted: 8, rejected: 0, errors: [] });
    const logs = recorded.sent.map(({ log }) => log);
    expect(JSON.parse(logs[0]!.event!).session_id).toBe('own');
    expect(JSON.parse(logs[1]!.event!).session_id).toBe('default');
    expect(logs[2]).toMatchObject({ message: 'line', timestamp_ms: 5, source: { system: 's', log_id: '1' } });
    expect(logs[3]).toMatchObject({ timestamp_ms: 6 });
    expect(logs.slice(4).map(({ message }) => message)).toEqual([
      JSON.stringify(lines[4]),
      'a string',
      '7',
      'plain text {',
    ]);
  });

  it('takes an array of JSON', async () => {
    const { post, recorded } = await testServer();
    expect((await post('/api/v1/logs', ['line', { level: 'info' }, anEvent()])).body).toMatchObject({
      accepted: 3,
    });
    expect(recorded.sent.map(({ log }) => log.message)).toEqual(['line', '{"level":"info"}', '']);
  });

  it('refuses bad lines one by one', async () => {
    const { post } = await testServer({ limits: { maxBodyBytes: 4 * 1024 * 1024 } });
    const bad = [
      JSON.stringify(anEvent({ timestamp: new Date(NOW_MS + 300_001).toISOString() })),
      JSON.stringify({ message: 'x', source: {} }),
      JSON.stringify({ message: 'x', source: { system: 's' }, timestamp_ms: 'noon' }),
      'x'.repeat(1_000_001),
    ];
    const body = Buffer.concat([
      Buffer.from(`good\n${bad.join('\n')}\n`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\ngood'),
    ]);
    const answer = await post('/api/v1/logs', body, ndjson);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 5 });
    expect(
      answer.body.errors.map(({ index, error }: { index: number; error: string }) => [
        index,
        error.split(' ')[0],
      ]),
    ).toEqual([
      [1, 'timestamp'],
      [2, 'source.system'],
      [3, 'timestamp_ms'],
      [4, 'line'],
      [5, 'line'],
    ]);
  });

  it('takes gzip and what curl sends without a content type', async () => {
    const { post, recorded } = await testServer();
    await post('/api/v1/logs', gzipSync('one\ntwo'), { ...text, 'content-encoding': 'gzip' });
    await post('/api/v1/logs', 'three', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(recorded.sent.map(({ log }) => log.message)).toEqual(['one', 'two', 'three']);
  });

  it.each([
    ['{"a":1}', 'application/json', 400],
    ['[', 'application/json', 400],
    ['x', 'text/xml', 415],
    ['a\n'.repeat(101), 'text/plain', 422],
    ['x'.repeat(64 * 1024 + 1), 'text/plain', 413],
    ['', 'text/plain', 200],
  ])('answers %# as a whole', async (body, type, status) => {
    const { post } = await testServer();
    expect((await post('/api/v1/logs', body, { 'content-type': type })).status).toBe(status);
  });

  it('refuses a source part that is too long, by name', async () => {
    const { post } = await testServer();
    const { status, body } = await post(`/api/v1/logs?log_group=${'x'.repeat(513)}`, 'x', text);
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe('log_group');
  });
});
