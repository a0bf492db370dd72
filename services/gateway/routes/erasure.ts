import { Type } from '@sinclair/typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ErasedKind, erasureKey } from '../../../lib/model/erasure.js';
import type { Ports } from '../ports.js';
import { IdParams } from '../schemas.js';
import { problemsOf } from './answers.js';

const ErasedOut = Type.Object({
  traces: Type.Integer({ description: 'Rows of traces that were deleted' }),
  events: Type.Integer({ description: 'Rows of events that were deleted' }),
  vectors: Type.Integer({ description: 'Vectors that were deleted' }),
});

const DESCRIPTION =
  'Deletes it from both stores, for good: the hash of its id is kept, and whatever comes late, is redriven or replayed is dropped. What Kafka ' +
  'keeps goes with the retention of its topics (docs/erasure.md). Nothing that is stored under the id is no error: it may not come from now on. ' +
  'Where it fails, ask again.';

/** `DELETE` of traces and sessions, by whoever holds a key with the scope admin. */
export function erasureRoutes(app: FastifyInstance, { erasure }: Pick<Ports, 'erasure'>): void {
  const erases = [
    ['trace', '/api/v1/traces/:id', (id: string) => erasure.eraseTrace(id)],
    ['session', '/api/v1/sessions/:id', (id: string) => erasure.eraseSession(id)],
  ] as const;
  for (const [kind, url, erase] of erases) {
    app.delete<{ Params: { id: string } }>(
      url,
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['erasure'],
          summary: `Erase a ${kind}`,
          description: DESCRIPTION,
          params: IdParams,
          response: { 200: ErasedOut, ...problemsOf(400, 401, 403, 429, 503) },
        },
      },
      async (request) => {
        sayHash(request, kind, request.params.id);
        return erase(request.params.id);
      },
    );
  }
}

/** The audit log outlives what was erased, so it names the hash. */
function sayHash(request: FastifyRequest, kind: ErasedKind, id: string): void {
  request.auditTarget = `${kind} sha256:${erasureKey(kind, id)}`;
}
