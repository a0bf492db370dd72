import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { type Answer, ask, expectDecent, json } from './ask.js';
import { filledPath, type Operation, planted, sampleOf } from './operations.js';
import type { Target } from './target.js';

/** Texts that would mean something if they came to be read as SurrealQL, as a filter, as a pattern or as a template. */
const TEXTS = [
  "x' OR true --",
  'x" OR true --',
  "x' OR 1 = 1 OR 'x' = '",
  'x`; REMOVE TABLE agent_event; --',
  "x'; DELETE agent_event; DELETE agent_trace; --",
  'x; REMOVE DATABASE production; RETURN 1',
  '$session_id OR true',
  '$auth',
  'agent_event:⟨x⟩',
  'agent_event:1..',
  "type::thing('agent_event', 'x')",
  '(SELECT VALUE id FROM agent_event LIMIT 1)',
  'function() { return true }',
  '/* x */ OR true',
  '{"$ne": null}',
  '{"must_not": []}',
  '{"match": {"any": []}}',
  '.*',
  '%',
  '*',
  '\\',
  '../../collections/agent_events/points',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as a template would have it
  '${process.env.SURREAL_PASS}',
  '{{constructor.constructor("return process")()}}',
  '\u0000',
  'x\u0000\n; DELETE agent_event',
  '\ud7ff\uffff',
];

/** Values that a filter of an engine could be made of, where text was expected. */
const VALUES = [
  { $ne: null },
  { $gt: '' },
  { match: { any: ['x'] } },
  { must_not: [] },
  { should: [{ is_empty: { key: 'x' } }] },
  [{ $ne: null }],
  [[]],
  [],
  {},
  null,
  0,
  -1,
  true,
  1e308,
];

/** Names that a parser of queries could read as operators or as a way to a prototype. */
const NAMES = (name: string) => [
  `${name}[$ne]`,
  `${name}[]`,
  `${name}[0][$gt]`,
  `${name}.$ne`,
  '$where',
  '__proto__',
  '__proto__[x]',
  'constructor[prototype][x]',
  'filter[must_not]',
];

/** Everything that a client sends is a value: it never widens an answer, and never changes what is stored. */
export function injectionsFail(target: () => Target): void {
  const reading = () => target().operations.filter(({ method }) => method === 'GET');
  const shows = ({ body }: Answer) => body.includes(target().canary);
  const read = (operation: Operation, query: string, path = filledPath(operation, target().reading)) =>
    ask(target().gateway.url, {
      method: operation.method,
      path: query === '' ? path : `${path}?${query}`,
      key: target().keys.admin,
    });
  const expectNothing = (answer: Answer, what: string) => {
    expectDecent(answer, what);
    if (answer.status >= 400) return;
    expect(shows(answer), `${what} shows what it must not:\n${answer.body.slice(0, 1_000)}`).toBe(false);
    if (!String(answer.headers['content-type']).startsWith('application/json')) return;
    const counted = (JSON.parse(answer.body) as { events?: unknown }).events;
    if (typeof counted === 'number') expect(counted, what).toBe(0);
  };
  const unchanged = async (what: string, attack: () => Promise<void>) => {
    const before = await target().stored();
    await attack();
    expect(await target().stored(), what).toEqual(before);
  };

  describe('injection', () => {
    it('has something to find: reads show the canaries where the question is an honest one', async () => {
      const { canary, reading: samples } = target();
      const finding = ['/api/v1/events', '/api/v1/traces', '/api/v1/events/{id}', '/api/v1/traces/{id}'];
      for (const operation of reading().filter(({ path }) => finding.includes(path))) {
        const query = operation.path.endsWith('s') ? `agent_id=${samples.agent_id}` : '';
        expect(shows(await read(operation, query)), `${operation.name} ${canary}`).toBe(true);
      }
    });

    it(
      'by a value in the query widens no answer',
      () =>
        unchanged('queries', async () => {
          for (const operation of reading()) {
            for (const { name } of operation.queryParameters) {
              for (const text of TEXTS) {
                // an honest question: encoded records do hold bytes of zero
                if (name === 'contains' && text === '\u0000') continue;
                const query = `${encodeURIComponent(name)}=${encodeURIComponent(text)}`;
                expectNothing(await read(operation, query), `${operation.name} ?${query}`);
              }
            }
          }
        }),
      300_000,
    );

    it('by the name of a parameter widens no answer', () =>
      unchanged('names of parameters', async () => {
        const { reading: samples } = target();
        for (const operation of reading().filter(({ queryParameters }) => queryParameters.length > 0)) {
          for (const { name } of operation.queryParameters.slice(0, 4)) {
            for (const odd of NAMES(name)) {
              const query = `${encodeURIComponent(odd)}=${encodeURIComponent(String(samples[name] ?? 'x'))}`;
              const answer = await read(operation, query);
              expectDecent(answer, `${operation.name} ?${query}`);
              expect(answer.status, `${operation.name} ?${query}`).toBe(400);
            }
          }
        }
      }));

    it('by a part of the path widens no answer', () =>
      unchanged('paths', async () => {
        for (const operation of reading()) {
          for (const name of operation.pathParameters) {
            for (const text of TEXTS) {
              const path = filledPath(operation, target().reading, { [name]: text });
              expectNothing(await read(operation, '', path), `${operation.name} as ${path}`);
            }
          }
        }
      }));

    it('by a value in a JSON body of a question widens no answer', () =>
      unchanged('searches', async () => {
        const { gateway, keys, operations, reading: samples } = target();
        const search = operations.find(({ path }) => path === '/api/v1/search')!;
        const honest = sampleOf(search.body!, samples);
        const search1 = (body: unknown) =>
          ask(gateway.url, { method: 'POST', path: search.path, key: keys.admin, ...json(body) });
        expect(shows(await search1(honest)), JSON.stringify(honest)).toBe(true);
        for (const what of [...TEXTS, ...VALUES]) {
          for (const { place, value } of planted(honest, what)) {
            // without a filter, or with an empty one, the canaries are an honest answer
            if (place === 'filter' && JSON.stringify(what) === '{}') continue;
            expectNothing(await search1(value), `search with ${place} = ${JSON.stringify(what)}`);
          }
        }
      }));

    it('by what is sent changes nothing that is stored, and is stored as it was sent', async () => {
      const { gateway, keys, operations, writing: samples } = target();
      const before = await target().stored();
      const sending = operations.filter(({ method, body }) => method === 'POST' && body !== null);
      for (const operation of sending.filter(({ path }) => path !== '/api/v1/search')) {
        const honest = sampleOf(operation.body!, { ...samples, event_id: undefined });
        for (const what of [...TEXTS, ...VALUES]) {
          for (const { place, value } of planted(honest, what)) {
            const question = { method: 'POST', path: operation.path, key: keys.admin, ...json(value) };
            question.headers = { ...question.headers, prefer: 'respond-async' };
            const answer = await ask(gateway.url, question);
            expectDecent(answer, `${operation.name} with ${place} = ${JSON.stringify(what)}`);
          }
        }
      }
      const mark = randomUUID();
      const texts = TEXTS.filter((text) => !/\p{Cc}/u.test(text));
      const sent = await Promise.all(
        texts.map(async (text) => {
          const fields = { agent_id: text, session_id: text, event_type: text, framework: text };
          const event = { ...fields, timestamp: '2026-01-07T19:00:00Z', properties: { mark, text } };
          const question = { method: 'POST', path: '/api/v1/events', key: keys.ingest, ...json(event) };
          const { status, body } = await ask(gateway.url, question);
          expect([200, 202], text).toContain(status);
          return { text, fields, id: JSON.parse(body).event_id as string };
        }),
      );
      for (const { text, fields, id } of sent) {
        const path = `/api/v1/events?agent_id=${encodeURIComponent(text)}&session_id=${encodeURIComponent(text)}`;
        const get = async () =>
          JSON.parse((await ask(gateway.url, { path, key: keys.read })).body).events as Record<
            string,
            unknown
          >[];
        await waitFor(`${text} to be found`, async () => (await get()).some((row) => row.event_id === id), {
          limitMs: 30_000,
        });
        const found = (await get()).find((row) => row.event_id === id);
        expect(found).toMatchObject({ ...fields, properties: { mark, text } });
        for (const row of await get()) expect(row.agent_id).toBe(text);
      }
      expect(await target().stored()).toEqual(before);
    }, 300_000);
  });
}
