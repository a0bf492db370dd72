import type { FastifyInstance } from 'fastify';
import { strictBody } from '../body.js';
import type { Scope } from '../core/api-keys.js';
import { isLive, type ListedKey } from '../core/key-table.js';
import { textFault } from '../core/validate-event.js';
import type { KeyAdmin, Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { DEFAULT_LIFETIME_S, KeyIn, KeyList, KeyMade, KeyParams, KeyRevoked } from '../schemas-keys.js';
import { problemsOf } from './answers.js';

const TAG = ['auth'];
/** `/api/v1/auth/keys`: keys are made, listed and revoked by whoever holds one with the scope admin. */
export function keyRoutes(
  app: FastifyInstance,
  { keyAdmin, now }: Pick<Ports, 'now'> & { keyAdmin: KeyAdmin },
): void {
  app.post<{ Body: KeyIn }>(
    '/api/v1/auth/keys',
    {
      config: { scope: 'admin' },
      validatorCompiler: strictBody,
      schema: {
        tags: TAG,
        summary: 'Make an API key',
        description: 'The key is in the answer and nowhere else: what is stored is a hash of it.',
        body: KeyIn,
        response: { 201: KeyMade, ...problemsOf(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { body, principal } = request;
      const fault = textFault(body.name);
      if (fault) {
        throw new Problem('invalid-request', `name ${fault}`, {
          errors: [{ field: 'name', message: fault }],
        });
      }
      const { key, record } = await keyAdmin.create(
        {
          name: body.name,
          scopes: [...new Set(body.scopes as Scope[])],
          expiresInS: body.expires_in_s ?? DEFAULT_LIFETIME_S,
          requestsPerMinute: body.requests_per_minute ?? null,
        },
        principal!,
      );
      request.auditTarget = record.id;
      const { id, name, scopes, created_at, created_by, expires_at, requests_per_minute } = record;
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ id, name, scopes, created_at, created_by, expires_at, requests_per_minute, key });
    },
  );

  app.get(
    '/api/v1/auth/keys',
    {
      config: { scope: 'admin' },
      schema: {
        tags: TAG,
        summary: 'List API keys',
        description:
          'Newest first; ended ones for 30 days. Keys of the environment (VECTADB_API_KEY) are not among them.',
        response: { 200: KeyList, ...problemsOf(401, 403, 429, 503) },
      },
    },
    async () => ({ keys: (await keyAdmin.list()).map((key) => keyOut(key, now())) }),
  );

  app.delete<{ Params: KeyParams }>(
    '/api/v1/auth/keys/:id',
    {
      config: { scope: 'admin' },
      schema: {
        tags: TAG,
        summary: 'Revoke an API key',
        description:
          'Every gateway refuses it within about a second. Revoking it again changes nothing. A key of the environment ' +
          'ends where it is set.',
        params: KeyParams,
        response: {
          204: KeyRevoked,
          ...problemsOf(401, 403, 404, 429, 503),
        },
      },
    },
    async ({ params, principal }, reply) => {
      if (!(await keyAdmin.revoke(params.id, principal!))) {
        throw new Problem('not-found', 'no stored key has this id');
      }
      return reply.code(204).send();
    },
  );
}

const keyOut = (key: ListedKey, nowMs: number) => ({
  id: key.id,
  name: key.name,
  scopes: key.scopes,
  state: key.revoked_at !== null ? 'revoked' : isLive(key, nowMs) ? 'active' : 'expired',
  created_at: key.created_at,
  created_by: key.created_by,
  last_used_at: key.last_used_at,
  expires_at: key.expires_at,
  revoked_at: key.revoked_at,
  requests_per_minute: key.requests_per_minute,
});
