import { describe, expect, it } from 'vitest';
import type { LetterQuery, RedriveWanted, ShownLetter } from './ports.js';
import { INGEST_KEY, noLetters, READ_KEY, testServer } from './testing/fake-ports.js';

const PATH = '/api/v1/dead-letters';
const as = (key: string) => ({ authorization: `Bearer ${key}` });

/** A server that notes what dead letters it is asked for. */
async function server() {
  const asked: { lists: LetterQuery[]; plans: RedriveWanted[]; redrives: RedriveWanted[] } = {
    lists: [],
    plans: [],
    redrives: [],
  };
  const deadLetters: typeof noLetters = {
    ...noLetters,
    list: async (query) => {
      asked.lists.push(query);
      return {
        ...(await noLetters.list(query)),
        next: { refusedMs: 1_767_603_600_000, partition: 3, offset: 12 },
      };
    },
    find: async ({ partition, offset }) => (partition === 3 && offset === 12 ? LETTER : null),
    plan: async (wanted) => {
      asked.plans.push(wanted);
      return noLetters.plan(wanted);
    },
    redrive: async (wanted) => {
      asked.redrives.push(wanted);
      return { ...(await noLetters.redrive(wanted)), letters: 2 };
    },
  };
  return { ...(await testServer({ ports: { deadLetters } })), asked };
}

const LETTER: ShownLetter = {
  letter: '3/12',
  refused_at: '2026-01-05T09:00:00Z',
  stage: 'parse',
  cause: 'INVALID_UTF8',
  message: 'neither Avro nor UTF-8',
  from: { topic: 'raw-logs', partition: 2, offset: 77 },
  origin: { topic: 'raw-logs', partition: 2, offset: 77 },
  attempt: 1,
  state: 'redriven',
  bytes: 3,
  redrives: 1,
  appendedMs: 1_767_603_599_000,
  key: null,
  headers: { shipper: 'x' },
  format: 'bytes',
  value: 'base64:/wD+',
  hex: 'ff00fe',
  predecessor: null,
  successor: { partition: 3, offset: 40 },
  trail: [{ at_ms: 1_767_603_700_000, result: 'sent', to: { topic: 'raw-logs', partition: 2, offset: 90 } }],
};

describe('the list of dead letters', () => {
  it('is of the open ones where nothing else is said, and goes on where a page ended', async () => {
    const { get, asked } = await server();
    const first = await get(PATH, as(READ_KEY));
    expect(first.status).toBe(200);
    expect(asked.lists[0]).toEqual({ filter: { state: 'open' }, limit: 50, after: null });
    await get(`${PATH}?state=all&limit=7&cursor=${first.body.next_cursor}`);
    expect(asked.lists[1]).toEqual({
      filter: {},
      limit: 7,
      after: { refusedMs: 1_767_603_600_000, partition: 3, offset: 12 },
    });
  });

  it('is narrowed by every filter', async () => {
    const { get, asked } = await server();
    await get(
      `${PATH}?stage=parse&cause=AVRO_BODY&topic=raw-logs&from=2026-01-05T09:00:00Z&to=2026-01-05T10:00:00Z&contains=s-1`,
    );
    expect(asked.lists[0]!.filter).toEqual({
      state: 'open',
      stage: 'parse',
      cause: 'AVRO_BODY',
      topic: 'raw-logs',
      sinceMs: Date.parse('2026-01-05T09:00:00Z'),
      untilMs: Date.parse('2026-01-05T10:00:00Z'),
      contains: 's-1',
    });
  });

  it('tells nobody but an admin what data hold', async () => {
    const { get, asked } = await server();
    expect((await get(`${PATH}?contains=secret`, as(READ_KEY))).status).toBe(403);
    expect((await get(`${PATH}/3/12`, as(READ_KEY))).status).toBe(403);
    expect((await get(PATH, as(INGEST_KEY))).status).toBe(403);
    expect(asked.lists).toEqual([]);
  });

  it.each([
    ['cursor=nonsense', 'cursor'],
    ['from=yesterday', 'from'],
    ['state=odd', 'state'],
    ['limit=501', 'limit'],
    ['code=X', 'code'],
  ])('?%s is refused by name', async (query, field) => {
    const { get } = await server();
    const { status, body } = await get(`${PATH}?${query}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(field);
  });
});

describe('one dead letter', () => {
  it('comes with its data, its trail and its successor', async () => {
    const { get } = await server();
    const { status, body } = await get(`${PATH}/3/12`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      letter: '3/12',
      appended_at: '2026-01-05T08:59:59.000Z',
      hex: 'ff00fe',
      predecessor: null,
      successor: '3/40',
      trail: [{ at: '2026-01-05T09:01:40.000Z', result: 'sent', to: { offset: 90 } }],
    });
  });

  it('is named where there is none, and where its name is none', async () => {
    const { get } = await server();
    expect((await get(`${PATH}/3/13`)).body).toMatchObject({
      status: 404,
      detail: expect.stringContaining('3/13'),
    });
    expect((await get(`${PATH}/3/x`)).status).toBe(400);
    expect((await get(`${PATH}/-1/3`)).status).toBe(400);
  });
});

describe('a redrive', () => {
  it('takes names, filters, or all, and only an admin', async () => {
    const { post, asked, recorded } = await server();
    const { status, body } = await post(`${PATH}/redrive`, { letters: ['3/12', '0/1'], again: true });
    expect([status, body]).toEqual([
      200,
      { dry_run: false, letters: 2, more: false, not_selected: [], outcomes: [] },
    ]);
    await post(`${PATH}/redrive`, { cause: 'INVALID_UTF8', encoding: 'windows-1252', limit: 3 });
    await post(`${PATH}/redrive`, { all: true });
    expect(asked.redrives).toEqual([
      { filter: { names: new Set(['3/12', '0/1']) }, again: true, encoding: undefined, limit: 500 },
      { filter: { cause: 'INVALID_UTF8' }, again: false, encoding: 'windows-1252', limit: 3 },
      { filter: {}, again: false, encoding: undefined, limit: 500 },
    ]);
    expect((await post(`${PATH}/redrive`, { all: true }, as(READ_KEY))).status).toBe(403);
    expect(asked.redrives).toHaveLength(3);
    expect(recorded.audit.map(({ action, target, result }) => [action, target, result])).toEqual([
      [`POST ${PATH}/redrive`, '2 letters: 3/12 0/1 {"again":true,"limit":500}', 'ok'],
      [`POST ${PATH}/redrive`, '{"cause":"INVALID_UTF8","encoding":"windows-1252","limit":3}', 'ok'],
      [`POST ${PATH}/redrive`, '{"all":true,"limit":500}', 'ok'],
      [`POST ${PATH}/redrive`, null, 'refused'],
    ]);
  });

  it('sends nothing when it is only asked what it would send', async () => {
    const { post, asked } = await server();
    expect((await post(`${PATH}/redrive`, { all: true, dry_run: true })).body.dry_run).toBe(true);
    expect([asked.plans.length, asked.redrives.length]).toEqual([1, 0]);
  });

  it.each([
    [{}, 'letters'],
    [{ letters: [] }, 'letters'],
    [{ letters: ['3-12'] }, 'letters'],
    [{ all: true, encoding: 'klingon' }, 'encoding'],
    [{ all: true, limit: 0 }, 'limit'],
    [{ all: true, force: true }, 'force'],
    [{ from: 'soon' }, 'from'],
  ])('%j is refused by name', async (wanted, field) => {
    const { post, asked } = await server();
    const { status, body } = await post(`${PATH}/redrive`, wanted);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(field);
    expect(asked.redrives).toEqual([]);
  });
});
