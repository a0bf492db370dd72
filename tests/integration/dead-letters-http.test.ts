import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { createProducer, type IdempotentProducer } from '../../lib/kafka/producer.js';
import type { SurrealStore } from '../../lib/stores/surreal/index.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { API_KEY, Pipeline, vectadb } from '../pipeline/pipeline.js';
import { surrealOf } from '../pipeline/surreal.js';

const LETTERS = 120;
const SESSION = 'over-http';
const PATH = '/api/v1/dead-letters';

let pipeline: Pipeline;
let stack: TestStack;
let producer: IdempotentProducer;
let store: SurrealStore;

beforeAll(async () => {
  pipeline = await Pipeline.start();
  ({ stack } = pipeline);
  producer = await createProducer({ brokers: stack.brokers, clientId: 'dead-letters-http' }, 0);
  store = await surrealOf(stack);
});
afterAll(async () => {
  await store?.close();
  await producer?.close();
  await pipeline?.stop();
});

interface Listed {
  letter: string;
  refused_at: string;
  state: string;
  redrives: number;
  cause: string;
  from: { topic: string; partition: number; offset: number };
}
interface Page {
  total: number;
  summary: { cause: string; letters: number; open: number }[];
  letters: Listed[];
  next_cursor: string | null;
}
interface Done {
  letters: number;
  more: boolean;
  not_selected: string[];
  outcomes: { result: string; to: string | null; letters: number }[];
}

async function call<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
  const response = await fetch(`${pipeline.gatewayUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}
async function list(query = ''): Promise<Page> {
  const { status, body } = await call<Page>('GET', `${PATH}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}
const redrive = (body: object) => call<Done & { detail?: string }>('POST', `${PATH}/redrive`, body);

const bytesOf = (n: number): Buffer => Buffer.from(`INFO session_id=${SESSION} caf\xe9 ${n}`, 'latin1');

async function rows(): Promise<{ message: string; event_id: string }[]> {
  const [found] = await store.query<[{ message: string; event_id: string }[]]>(
    'SELECT record::id(id) AS event_id, properties.message AS message FROM agent_event WHERE session_id = $wanted',
    { wanted: SESSION },
  );
  return found;
}

it('lists what was refused, in pages that are together the whole list, newest first', async () => {
  expect(await list()).toEqual({ total: 0, summary: [], letters: [], next_cursor: null });
  for (let n = 0; n < LETTERS; n++)
    await producer.send('raw-logs', [{ key: null, partition: n % 6, value: bytesOf(n) }]);
  await waitFor('all letters', async () => (await list('limit=1')).total === LETTERS, { limitMs: 60_000 });
  const seen: Listed[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await list(`limit=17${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(page.total).toBe(LETTERS);
    expect(page.summary).toMatchObject([{ cause: 'INVALID_UTF8', letters: LETTERS, open: LETTERS }]);
    seen.push(...page.letters);
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(new Set(seen.map(({ letter }) => letter)).size).toBe(LETTERS);
  expect(seen).toHaveLength(LETTERS);
  const times = seen.map(({ refused_at }) => Date.parse(refused_at));
  expect(times).toEqual([...times].sort((a, b) => b - a));
  const half = seen[Math.floor(LETTERS / 2)]!.refused_at;
  const later = await list(`limit=500&from=${encodeURIComponent(half)}`);
  expect(later.letters.map(({ letter }) => letter)).toEqual(
    seen.filter(({ refused_at }) => Date.parse(refused_at) >= Date.parse(half)).map(({ letter }) => letter),
  );
  expect((await list('cause=AVRO_BODY')).total).toBe(0);
  expect((await list('contains=caf')).total).toBe(LETTERS);
});

it('shows one with its bytes', async () => {
  const { letters } = await list('limit=1');
  const [{ letter, from }] = letters as [Listed];
  const { status, body } = await call<Record<string, unknown>>('GET', `${PATH}/${letter}`);
  expect(status).toBe(200);
  const wanted = Array.from({ length: LETTERS }, (_, n) => bytesOf(n).toString('hex'));
  expect(wanted).toContain(body.hex);
  expect(body).toMatchObject({
    letter,
    from,
    origin: from,
    attempt: 1,
    state: 'open',
    format: 'bytes',
    trail: [],
  });
  expect((await call('GET', `${PATH}/0/999999`)).status).toBe(404);
});

it('says what a redrive would send, and why some cannot be read, and sends nothing', async () => {
  const { body } = await redrive({
    cause: 'INVALID_UTF8',
    dry_run: true,
    encoding: 'windows-1252',
    limit: 5,
  });
  expect(body).toMatchObject({
    dry_run: true,
    letters: 5,
    more: true,
    outcomes: [{ result: 'to be sent', to: 'raw-logs' }],
  });
  const wrong = await redrive({ cause: 'INVALID_UTF8', dry_run: true, encoding: 'utf-8' });
  expect(wrong.body).toMatchObject({ letters: 0, outcomes: [{ result: 'impossible', letters: LETTERS }] });
  const none = await redrive({ letters: ['0/999999'], dry_run: true });
  expect(none.body).toMatchObject({ letters: 0, not_selected: ['0/999999'], outcomes: [] });
  expect((await list('state=open&limit=1')).total).toBe(LETTERS);
});

it('sends each letter once, though the command line and two requests redrive the same ones at the same time', async () => {
  const wanted = { cause: 'INVALID_UTF8', encoding: 'windows-1252', limit: 5_000 };
  const byCommand = vectadb(stack, [
    'dlq',
    'redrive',
    '--cause',
    'INVALID_UTF8',
    '--encoding',
    'windows-1252',
    '--yes',
    '--json',
  ]).then(
    (text) =>
      (JSON.parse(text) as { outcome: string; letters: number }[]).filter(
        ({ outcome }) => outcome === 'sent',
      ),
    (error: unknown) => {
      // fenced: the other one goes on with what is left
      expect(String(error)).toContain('another redrive has begun');
      return [];
    },
  );
  let ended = false;
  const command = byCommand.finally(() => {
    ended = true;
  });
  const answers: { status: number; body: Done & { detail?: string } }[] = [];
  const keepAsking = async () => {
    do answers.push(await redrive(wanted));
    while (!ended);
  };
  await Promise.all([command, keepAsking(), keepAsking()]);
  // whoever was fenced has left the rest to the last one; it was the last to begin, so it came to the end
  answers.push(await redrive(wanted));
  expect(answers.at(-1)!.status).toBe(200);
  for (const { status, body } of answers) {
    expect([200, 409], JSON.stringify(body)).toContain(status);
    if (status === 409) expect(body.detail).toMatch(/another redrive has begun|is under way/);
  }
  expect((await list('state=open')).total).toBe(0);
  const redriven = await list('state=redriven&limit=500');
  expect(redriven.total).toBe(LETTERS);
  expect(redriven.letters.map(({ redrives }) => redrives)).toEqual(Array(LETTERS).fill(1));
  await waitFor('all events', async () => (await rows()).length === LETTERS, { limitMs: 60_000 });
  const messages = (await rows()).map(({ message }) => message).sort();
  expect(messages).toEqual(Array.from({ length: LETTERS }, (_, n) => bytesOf(n).toString('latin1')).sort());
});

it('is in the balance: a letter that was redriven is stored, in the hour in which it was first appended', async () => {
  interface Totals {
    accepted: number;
    stored: number;
    dead_lettered: number;
    in_flight: number;
    unaccounted: number;
  }
  let total: Totals | null = null;
  await waitFor(
    'the balance',
    async () => {
      const { status, body } = await call<{ total: Totals }>('GET', '/api/v1/stats/flow');
      if (status !== 200) return false;
      total = body.total;
      return total.stored === LETTERS && total.in_flight === 0 && total.dead_lettered === 0;
    },
    { limitMs: 60_000 },
  ).catch((error: unknown) => {
    throw new Error(JSON.stringify(total), { cause: error });
  });
  expect(total).toMatchObject({ accepted: LETTERS, stored: LETTERS, unaccounted: 0 });
  // once more: the same events, and nothing that is counted
  const again = await redrive({ cause: 'INVALID_UTF8', encoding: 'windows-1252', again: true, limit: 10 });
  expect(again.body).toMatchObject({ letters: 10, more: true });
  const marker = 'after-the-copies';
  for (let partition = 0; partition < 6; partition++)
    await producer.send('raw-logs', [
      { key: null, partition, value: Buffer.from(`INFO session_id=${marker} ${partition}`) },
    ]);
  await waitFor(
    'the markers in the balance',
    async () => {
      const { body } = await call<{ total: Totals }>('GET', '/api/v1/stats/flow');
      total = body.total;
      return total?.stored === LETTERS + 6 && total.in_flight === 0;
    },
    { limitMs: 60_000 },
  ).catch((error: unknown) => {
    throw new Error(JSON.stringify(total), { cause: error });
  });
  expect(total).toMatchObject({ accepted: LETTERS + 6, dead_lettered: 0, unaccounted: 0 });
  expect(await rows()).toHaveLength(LETTERS);
});

it('tells the audit log who redrove what', async () => {
  interface Shown {
    messages: { value: { action: string; target: string | null; result: string; key_name: string | null } }[];
  }
  const { body } = await call<Shown>(
    'GET',
    '/api/v1/topics/audit-log/messages?contains=dead-letters%2Fredrive&limit=200',
  );
  const entries = body.messages.map(({ value }) => value);
  expect(entries.some(({ target }) => target?.includes('"cause":"INVALID_UTF8"'))).toBe(true);
  expect(entries.every(({ action }) => action === `POST ${PATH}/redrive`)).toBe(true);
});
