import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { ask, expectDecent, json } from './ask.js';
import { type Operation, planted, sampleOf } from './operations.js';
import { samplesFor, type Target } from './target.js';

const MIB = 1_048_576;
const DEPTH = 200_000;
/** What a request of a few MiB may make a process grow by: far less than what a bomb would. */
const MOST_GROWTH_MIB = 200;

const DEEP = {
  arrays: '['.repeat(DEPTH) + ']'.repeat(DEPTH),
  objects: `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
  'arrays that never end': '['.repeat(DEPTH),
};

/** JSON that would change every object of the process, were it merged into one carelessly. */
const POLLUTING = [
  '{"__proto__":{"polluted":1,"auto_create_traces":false}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":{"__proto__":{"polluted":1}}}',
  '{"__proto__":[]}',
  '{"__proto__":null}',
  '{"toString":1,"valueOf":1,"hasOwnProperty":1,"then":1,"toJSON":1,"length":-1}',
];

/** Bodies: whatever they hold, the process stays as it is and answers the next one. */
export function bodiesHold(target: () => Target): void {
  const sending = () => target().operations.filter(({ method }) => method === 'POST');
  const post = (operation: Operation, headers: Record<string, string>, body: string | Buffer) =>
    ask(target().gateway.url, {
      method: 'POST',
      path: operation.path,
      key: target().keys.admin,
      headers: { prefer: 'respond-async', ...headers },
      body,
    });
  const asJson = { 'content-type': 'application/json' };
  const residentMib = () => {
    const status = readFileSync(`/proc/${target().gateway.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1_024;
  };

  describe('bodies', () => {
    it('add nothing to the prototypes of the process', async () => {
      const { gateway, keys } = target();
      const prototypes = () => gateway.output().match(/^prototypes .*$/gm) ?? [];
      const asked = async () => {
        const count = prototypes().length;
        process.kill(gateway.pid, 'SIGUSR2');
        await waitFor('the prototypes', () => prototypes().length > count, { limitMs: 5_000 });
        return prototypes().at(-1);
      };
      const before = await asked();
      for (const operation of sending()) {
        const samples = samplesFor(target(), operation);
        const honest = operation.body ? sampleOf(operation.body, { ...samples, event_id: undefined }) : {};
        for (const text of POLLUTING) {
          // own properties of these names, as JSON.parse makes them: written into the text, not into an object
          const bodies = [
            text,
            `[${text}]`,
            ...planted(honest, '@').map(({ value }) => JSON.stringify(value)),
          ];
          for (const body of bodies) {
            const answer = await post(operation, asJson, body.replaceAll('"@"', text));
            expectDecent(answer, `${operation.name} ${body.slice(0, 200)} with ${text}`);
          }
        }
      }
      expect(await asked()).toBe(before);
      const event = { timestamp: '2026-01-07T19:00:00Z', properties: {}, options: '@' };
      const inherited = JSON.stringify(event).replace('"@"', POLLUTING[0]!);
      const question = { method: 'POST', path: '/api/v1/events', key: keys.ingest, ...json(inherited) };
      const { status, body } = await ask(gateway.url, question);
      expect([200, 202], `an option that is only inherited does not count: ${body}`).toContain(status);
    });

    it('that are nested without end are refused', async () => {
      for (const operation of sending()) {
        for (const [what, text] of Object.entries(DEEP)) {
          for (const body of [
            text,
            `{"properties":${text}}`,
            `{"events":[${text}],"options":${text}}`,
            `{"filter":${text}}`,
          ]) {
            const answer = await post(operation, asJson, body);
            expectDecent(answer, `${operation.name}: ${what}, ${body.slice(0, 30)}`);
          }
        }
      }
    });

    it('that are larger than the limit are refused, however they say so', async () => {
      const big = Buffer.alloc(6 * MIB, ' ');
      for (const operation of sending()) {
        for (const headers of [asJson, { 'content-type': 'text/plain' }]) {
          // whoever goes on sending after the answer may see the connection end before he reads it
          const told = await post(operation, headers, big).catch((error: NodeJS.ErrnoException) => error);
          const outcome = 'status' in told ? told.status : told.code;
          expect([413, 415, 'EPIPE', 'ECONNRESET'], operation.name).toContain(outcome);
          const packed = await post(operation, { ...headers, 'content-encoding': 'gzip' }, gzipSync(big));
          expect([413, 415], `${operation.name}, packed`).toContain(packed.status);
        }
      }
    });

    it('that would unpack to a gigabyte cost neither memory nor time', async () => {
      const bomb = gzipSync(Buffer.alloc(1_024 * MIB));
      expect(bomb.length).toBeLessThan(2 * MIB);
      const before = residentMib();
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, residentMib());
      }, 10);
      const started = performance.now();
      try {
        for (const operation of sending()) {
          const packed = { ...asJson, 'content-encoding': 'gzip' };
          const answers = await Promise.all(Array.from({ length: 4 }, () => post(operation, packed, bomb)));
          for (const { status } of answers) expect(status, operation.name).toBe(413);
        }
      } finally {
        clearInterval(watch);
      }
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(most - before).toBeLessThan(MOST_GROWTH_MIB);
    });

    it('that are packed badly, or twice, are refused', async () => {
      const good = gzipSync('{}');
      for (const operation of sending()) {
        for (const [encoding, body] of [
          ['gzip', Buffer.from('no gzip')],
          ['gzip', good.subarray(0, 15)],
          ['gzip', Buffer.concat([good, Buffer.from('rubbish')])],
          ['gzip, gzip', gzipSync(good)],
          ['br', good],
          ['deflate', good],
          ['__proto__', good],
        ] as const) {
          const answer = await post(operation, { ...asJson, 'content-encoding': encoding }, body);
          expectDecent(answer, `${operation.name}, ${encoding}`);
          expect([400, 413, 415, 422], `${operation.name}, ${encoding}`).toContain(answer.status);
        }
      }
    });

    it('of a type that the route does not take are refused, and odd types break nothing', async () => {
      const types = [
        '',
        'x',
        'application/json; charset=utf-7',
        'multipart/form-data',
        'text/html',
        '/',
        '__proto__',
      ];
      for (const operation of target().operations)
        for (const type of [...types, 'application/json, text/plain', `a/${'b'.repeat(5_000)}`]) {
          const answer = await ask(target().gateway.url, {
            method: operation.method,
            path: operation.path.replace(/\{\w+\}/g, 'nobody'),
            key: target().keys.admin,
            headers: { 'content-type': type },
            body: '\u0000',
          });
          expectDecent(answer, `${operation.name} with ${type.slice(0, 40)}`);
        }
    });
  });
}
