import type { FastifyInstance } from 'fastify';
import type { TraceStatus } from '../../../lib/model/events.js';
import { toolsOf, traceTree } from '../../../lib/model/trace-tree.js';
import type { TraceRow } from '../../../lib/stores/surreal/index.js';
import { type TraceSort, traceOrder } from '../core/trace-order.js';
import { placesOf, withCost } from '../core/trace-out.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { IdParams, TraceDetail, TraceDetailQuery, TracePage, TraceQuery } from '../schemas.js';
import { eventOut, given, periodOf, problemsOf, termsOf } from './answers.js';

const TAG = ['traces'];
const MAX_EVENTS = 10_000;

export function traceRoutes(app: FastifyInstance, { store, prices }: Ports): void {
  app.get<{ Querystring: TraceQuery }>(
    '/api/v1/traces',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'List traces',
        description:
          'Newest first by start_time, or by `sort`. Traces that were merged into another are left out. Pages by time stay right ' +
          'while traces arrive; by another sort a trace that changes between two pages may be shown twice or not at all.',
        querystring: TraceQuery,
        response: { 200: TracePage, ...problemsOf(400, 401, 403, 429, 503) },
      },
    },
    async ({ query }) => {
      const { from, to, limit = 50, status, text, sort, order, ...rest } = query;
      const page = await store.listTraces(
        given({
          ...rest,
          status: status as TraceStatus | TraceStatus[] | undefined,
          ...periodOf({ from, to }),
          text: termsOf(text),
          by: traceOrder(sort as TraceSort | undefined, order as 'asc' | 'desc' | undefined, prices()),
          limit,
        }),
      );
      return { traces: page.traces.map((trace) => withCost(trace, prices())), next_cursor: page.next_cursor };
    },
  );

  app.get<{ Params: { id: string }; Querystring: { max_events?: number } }>(
    '/api/v1/traces/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'One trace with its events',
        description:
          'The id of a trace that was merged leads to the one that it is part of; `merged_from` then says so.',
        params: IdParams,
        querystring: TraceDetailQuery,
        response: { 200: TraceDetail, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params, query }) => {
      const view = await store.getTrace(params.id, query.max_events ?? MAX_EVENTS);
      if (!view)
        throw new Problem(
          'not-found',
          `no trace has the id ${params.id}; one just begun may not be stored yet`,
        );
      const tree = traceTree(view.events);
      const places = placesOf(tree);
      const table = prices();
      const costed = (trace: TraceRow) => withCost(trace, table);
      return {
        ...costed(view.trace),
        tools: view.truncated ? view.trace.tools : toolsOf(view.trace.tools, tree),
        events: tree.nodes.map(({ event }, index) => ({ ...eventOut(event), ...places[index] })),
        events_truncated: view.truncated,
        causes: view.causes,
        merged_from: view.merged_from,
        related: { same_session: view.same_session.map(costed), same_agent: view.same_agent.map(costed) },
      };
    },
  );
}
