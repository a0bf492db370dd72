import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { FastifyInstance } from 'fastify';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { SearchIn, SearchOut } from '../schemas.js';
import { eventOut, given, periodOf, problemsOf } from './answers.js';

const searchIn = TypeCompiler.Compile(SearchIn);

export function searchRoutes(app: FastifyInstance, { store, search }: Ports): void {
  app.post(
    '/api/v1/search',
    {
      config: { scope: 'read' },
      // a JSON body says what it means: unlike a query it is not to be coerced
      validatorCompiler: () => () => true,
      schema: {
        tags: ['search'],
        summary: 'Find events by meaning',
        description:
          'Best first. `mode` says whether meaning is compared, or only words (no model installed).',
        body: SearchIn,
        response: { 200: SearchOut, ...problemsOf(400, 401, 403, 415, 429, 503) },
      },
    },
    async (request) => {
      const body = readSearch(request.body);
      const { from, to } = periodOf(body.filter ?? {}, 'filter.');
      const { event_type, agent_id, trace_id } = body.filter ?? {};
      const filter = given({ event_type, agent_id, trace_id, from_ms: from, to_ms: to });
      const hits = await search.search(body.query, filter, body.limit ?? 10);
      const rows = new Map(
        (await store.getEventsByIds(hits.map(({ event_id }) => event_id))).map((row) => [row.event_id, row]),
      );
      // An event that the vector store has and SurrealDB does not have yet is left out: there is nothing to show of it.
      const results = hits.flatMap(({ event_id, score }) => {
        const row = rows.get(event_id);
        return row ? [{ score, event: eventOut(row) }] : [];
      });
      return { mode: search.mode, results };
    },
  );
}

function readSearch(body: unknown): SearchIn {
  if (searchIn.Check(body)) return body;
  const errors = [...searchIn.Errors(body)].map(({ path, message }) => ({
    field: path.slice(1).replaceAll('/', '.') || 'body',
    message: message.charAt(0).toLowerCase() + message.slice(1),
  }));
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new Problem('invalid-request', detail, { errors });
}
