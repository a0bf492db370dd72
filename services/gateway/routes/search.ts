import type { FastifyInstance } from 'fastify';
import { strictBody } from '../body.js';
import { fuse, type Hit } from '../core/rank-fusion.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { IdParams, SearchIn, SearchOut, SimilarQuery } from '../schemas.js';
import { eventOut, given, periodOf, problemsOf, termsOf } from './answers.js';

export function searchRoutes(app: FastifyInstance, { store, search }: Ports): void {
  app.post<{ Body: SearchIn }>(
    '/api/v1/search',
    {
      config: { scope: 'read' },
      validatorCompiler: strictBody,
      schema: {
        tags: ['search'],
        summary: 'Find events by meaning, by text, or by both',
        description:
          'Best first. `mode` says whether meaning is compared, or only words (no model installed).',
        body: SearchIn,
        response: { 200: SearchOut, ...problemsOf(400, 401, 403, 415, 429, 503) },
      },
    },
    async ({ body }) => {
      const { query, by = 'meaning', limit = 10, filter = {} } = body;
      const terms = by === 'meaning' ? undefined : termsOf(query, 'query');
      const conditions = await conditionsOf(filter, 'filter.');
      const [meant, said] = await Promise.all([
        by === 'text' || conditions === null
          ? []
          : search.search(query, conditions.vector, conditions.reach(limit)),
        terms === undefined ? [] : textHits(filter, terms, by === 'both' ? Math.max(limit, FUSED) : limit),
      ]);
      const hits = fuse([
        { how: 'meaning', hits: meant },
        { how: 'text', hits: said },
      ]);
      return {
        mode: search.mode,
        results: await shown(by === 'meaning' ? alone(hits) : hits, filter, limit),
      };
    },
  );

  app.get<{ Params: { id: string }; Querystring: SimilarQuery }>(
    '/api/v1/events/:id/similar',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['search'],
        summary: 'Events like one',
        description:
          'Nearest first, the event itself left out. An event without a vector (just stored, or sent with `generate_embeddings: false`) is not found.',
        params: IdParams,
        querystring: SimilarQuery,
        response: { 200: SearchOut, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params, query: { limit = 10, ...filter } }) => {
      const conditions = await conditionsOf(filter, '');
      const near = await search.similar(params.id, conditions?.vector ?? {}, conditions?.reach(limit) ?? 1);
      if (near === null) throw new Problem('not-found', `no event with a vector has the id ${params.id}`);
      const hits = conditions === null ? [] : alone(fuse([{ how: 'meaning', hits: near }]));
      return { mode: search.mode, results: await shown(hits, filter, limit) };
    },
  );

  /** A filter as the vector store takes it, which knows no sessions: their traces stand for them. Null: nothing can fit. */
  async function conditionsOf(filter: Filter, prefix: string) {
    const { from, to } = periodOf(filter, prefix);
    const { event_type, agent_id, session_id } = filter;
    let trace_id: string | string[] | undefined = filter.trace_id;
    if (session_id !== undefined) {
      const traces = await store.tracesOfSession(session_id);
      trace_id = trace_id === undefined ? traces : traces.filter((one) => one === trace_id);
      if (trace_id.length === 0) return null;
    }
    return {
      vector: given({ event_type, agent_id, trace_id, from_ms: from, to_ms: to }),
      // a trace may hold other sessions, whose events are left out afterwards
      reach: (limit: number) => (session_id === undefined ? limit : limit * 5),
    };
  }

  async function textHits(filter: Filter, text: string[], limit: number) {
    const { from, to, ...rest } = filter;
    const { events } = await store.listEvents(
      given({ ...rest, ...periodOf({ from, to }, 'filter.'), text, limit }),
    );
    return events.map(({ event_id }) => ({ event_id }));
  }

  /** An event that the vector store has and SurrealDB does not have (yet) is left out: there is nothing to show of it. */
  async function shown(hits: Hit[], { session_id }: Filter, limit: number) {
    const rows = new Map(
      (await store.getEventsByIds(hits.map(({ event_id }) => event_id))).map((row) => [row.event_id, row]),
    );
    return hits
      .flatMap(({ event_id, score, found_by }) => {
        const row = rows.get(event_id);
        if (!row || (session_id !== undefined && row.session_id !== session_id)) return [];
        return [{ score, found_by, event: eventOut(row) }];
      })
      .slice(0, limit);
  }
}

type Filter = NonNullable<SearchIn['filter']>;

/** Hits of each list that are looked at where two are fused. */
const FUSED = 50;

/** One list by itself is scored by its own measure. */
const alone = (hits: Hit[]): Hit[] =>
  hits.map((hit) => ({ ...hit, score: hit.found_by[0]?.score ?? hit.score }));
