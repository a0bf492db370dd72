import type { FastifyInstance } from 'fastify';
import type { Ports } from '../ports.js';
import { LiveQuery } from '../schemas.js';
import { levelsOf, problemsOf, termsOf } from './answers.js';

/** `GET /api/v1/live`: events and changes of traces as server-sent events. */
export function liveRoutes(app: FastifyInstance, { live }: Pick<Ports, 'live'>): void {
  app.get<{ Querystring: LiveQuery }>(
    '/api/v1/live',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['live'],
        summary: 'Events and traces as they come, as server-sent events',
        description:
          'Messages `event` and `trace` with an id, as the lists show them; `hello` first; `dropped` with the number `n` of messages that a slow ' +
          'reader missed; `reset` where `Last-Event-ID` is too old. A comment comes every 15 s. Events come before they are stored.',
        querystring: LiveQuery,
        produces: ['text/event-stream'],
        response: problemsOf(400, 401, 403, 429, 503),
      },
    },
    async ({ query, headers }, reply) => {
      const setOf = (given: string | string[] | undefined) =>
        given === undefined ? null : new Set([given].flat());
      const kinds = setOf(query.kind as string | string[] | undefined) ?? new Set(['event', 'trace']);
      const last = headers['last-event-id'];
      const stream = live.subscribe(
        {
          kinds: kinds as Set<'event' | 'trace'>,
          event_type: setOf(query.event_type),
          agent_id: setOf(query.agent_id),
          session_id: setOf(query.session_id),
          trace_id: setOf(query.trace_id),
          level: setOf(levelsOf(query.level)),
          status: setOf(query.status as string | string[] | undefined),
          text: termsOf(query.text) ?? [],
        },
        Array.isArray(last) ? last[0] : last,
      );
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
  app.addHook('preClose', () => live.close());
}
