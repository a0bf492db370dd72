import type { FastifyInstance } from 'fastify';
import { explain } from '../core/explain.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { EventOut, EventPage, EventQuery, Explanation, IdParams } from '../schemas.js';
import { eventOut, given, levelsOf, periodOf, problemsOf, termsOf } from './answers.js';

const TAG = ['events'];
/** Events of the trace shown on either side of one that is explained. */
const SIBLINGS = 5;

export function eventRoutes(app: FastifyInstance, { store }: Ports): void {
  app.get<{ Querystring: EventQuery }>(
    '/api/v1/events',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'List events',
        description:
          'In the order of (timestamp, event_id). Pages stay right while events arrive. A page may hold fewer than `limit` and ' +
          'still have a `next_cursor`: looking for rare texts ends after some seconds and goes on with the next page.',
        querystring: EventQuery,
        response: { 200: EventPage, ...problemsOf(400, 401, 403, 429, 503) },
      },
    },
    async ({ query }) => {
      const { from, to, limit = 50, text, level, ...rest } = query;
      const page = await store.listEvents(
        given({ ...rest, ...periodOf({ from, to }), text: termsOf(text), level: levelsOf(level), limit }),
      );
      return { events: page.events.map(eventOut), next_cursor: page.next_cursor };
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/v1/events/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'One event',
        params: IdParams,
        response: { 200: EventOut, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params }) => eventOut(await found(params.id)),
  );

  app.get<{ Params: { id: string } }>(
    '/api/v1/events/:id/explain',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'Why an event is what it is and where it is',
        params: IdParams,
        response: { 200: Explanation, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params }) => {
      const context = await store.getEventContext(params.id, SIBLINGS);
      if (!context) throw notFound(params.id);
      return explain(context);
    },
  );

  async function found(id: string) {
    const row = await store.getEvent(id);
    if (!row) throw notFound(id);
    return row;
  }
}

const notFound = (id: string) =>
  new Problem('not-found', `no event has the id ${id}; one just sent may not be stored yet`);
