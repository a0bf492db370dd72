import type { FastifyInstance } from 'fastify';
import type { Looked } from '../core/receipt.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { Receipts } from '../receipts.js';
import { IdParams, ReceiptOut } from '../schemas.js';
import { problemsOf } from './answers.js';

export const receiptPath = (eventId: string): string => `/api/v1/receipts/${encodeURIComponent(eventId)}`;

export function receiptRoutes(app: FastifyInstance, ports: Ports): void {
  const receipts = new Receipts(ports);
  app.get<{ Params: { id: string } }>(
    '/api/v1/receipts/:id',
    {
      config: { scope: ['ingest', 'read'] },
      schema: {
        tags: ['receipts'],
        summary: 'Where an accepted event is',
        description:
          'Follows an event by the id that its sender was given: on its way, stored, or in dead-letter and why. Not yet stored ones ' +
          'are looked for in the topics, newest first and for a bounded time; `looked` says how far. 404: nothing was found.',
        params: IdParams,
        response: { 200: ReceiptOut, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params }) => {
      const { receipt, looked } = await receipts.find(params.id);
      if (receipt === null) throw new Problem('not-found', notFound(params.id, looked));
      return receipt;
    },
  );
}

function notFound(id: string, looked: readonly Looked[]): string {
  const cut = looked.filter(({ unread }) => unread > 0);
  const head = `nothing is stored under ${id}, on its way or in dead-letter`;
  if (cut.length === 0) return head;
  const places = cut.map(
    ({ topic, records, unread }) => `${topic} (newest ${records} records, ${unread} older offsets not)`,
  );
  return `${head}, as far as was looked: ${places.join(', ')}`;
}
