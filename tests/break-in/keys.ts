import { describe, expect, it } from 'vitest';
import { type Answer, ask, expectDecent, json, type Question } from './ask.js';
import { filledPath, type Operation, sampleOf } from './operations.js';
import { samplesFor, type Target } from './target.js';

const OTHER_METHODS = ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

/** Keys: every operation of the document refuses whoever may not use it, and says the same about all bad keys. */
export function keysHold(target: () => Target): void {
  const call = (operation: Operation, more: Partial<Question> = {}): Promise<Answer> => {
    const { gateway } = target();
    const samples = samplesFor(target(), operation);
    const body = operation.body ? json(sampleOf(operation.body, samples)) : {};
    return ask(gateway.url, {
      method: operation.method,
      path: filledPath(operation, samples),
      ...body,
      ...more,
      headers: { ...body.headers, ...more.headers },
    });
  };

  describe('keys', () => {
    it('are asked for by every route of the document, each of which says which scope it wants', () => {
      expect(target().operations.length).toBeGreaterThan(15);
      for (const { name, scopes } of target().operations) expect(scopes, name).not.toEqual([]);
    });

    it('are asked for by every route: without one, and with one that does not count, there is a 401', async () => {
      const { operations, badKeys } = target();
      for (const operation of operations) {
        const attempts: Record<string, Partial<Question>> = {
          'no key': {},
          'an empty one': { headers: { authorization: 'Bearer ' } },
          'another scheme': { headers: { authorization: `Basic ${target().keys.admin}` } },
          'a key in the query': {
            path: `${filledPath(operation, samplesFor(target(), operation))}?key=${target().keys.admin}`,
          },
          ...Object.fromEntries(Object.entries(badKeys).map(([what, key]) => [what, { key }])),
        };
        for (const [what, question] of Object.entries(attempts)) {
          const answer = await call(operation, question);
          expectDecent(answer, `${operation.name} with ${what}`);
          expect(answer.status, `${operation.name} with ${what}`).toBe(401);
          expect(answer.headers['www-authenticate']).toBe('Bearer realm="vectadb"');
        }
      }
    });

    it('open what their scopes say and nothing else', async () => {
      const { operations, keys } = target();
      for (const operation of operations) {
        for (const scope of ['ingest', 'read'] as const) {
          const answer = await call(operation, { key: keys[scope] });
          const refused = answer.status === 403;
          expect(refused, `${operation.name} with the scope ${scope}: ${answer.status}`).toBe(
            !operation.scopes.includes(scope),
          );
          expectDecent(answer, operation.name);
        }
      }
    });

    it('are asked for by any other method of a route, too', async () => {
      const { gateway, operations } = target();
      for (const operation of operations) {
        const known = operations.filter(({ path }) => path === operation.path).map(({ method }) => method);
        for (const method of OTHER_METHODS.filter((one) => !known.includes(one))) {
          const answer = await ask(gateway.url, { method, path: filledPath(operation, target().reading) });
          expect([400, 401, 404, 405], `${method} ${operation.path}`).toContain(answer.status);
        }
      }
    });

    it('are not replaced by what a client says about its address', async () => {
      const { gateway } = target();
      const left: number[] = [];
      for (const address of ['10.0.0.1', '127.0.0.1', '::1']) {
        const headers = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` };
        const answer = await ask(gateway.url, { path: '/api/v1/events', headers });
        expect(answer.status).toBe(401);
        left.push(Number(answer.headers['ratelimit-remaining']));
      }
      expect(left[0]! - left[2]!, 'all of them are counted as one address').toBe(2);
    });
  });
}
