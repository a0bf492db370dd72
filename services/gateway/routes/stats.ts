import type { TSchema } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { Measures } from '../../../lib/model/facts/event-fact.js';
import { errorsByType, latencies, sequences, usage } from '../../../lib/model/stats/statistics.js';
import type { Ports } from '../ports.js';
import {
  CoverageStats,
  ErrorStats,
  LatencyStats,
  SequenceStats,
  SequencesQuery,
  StatsQuery,
  TraceStats,
  UsageStats,
} from '../schemas-stats.js';
import { given, periodOf, problemsOf } from './answers.js';

const MOST_AGENTS = 50;

/** `GET /api/v1/stats/*`: counted from the stored events at the moment of asking. */
export function statsRoutes(app: FastifyInstance, { store, prices }: Pick<Ports, 'store' | 'prices'>): void {
  const route = (
    path: string,
    summary: string,
    answer: TSchema,
    count: (measures: Measures[], query: SequencesQuery) => object,
    querystring: TSchema = StatsQuery,
  ) =>
    app.get<{ Querystring: SequencesQuery }>(
      `/api/v1/stats/${path}`,
      {
        config: { scope: 'read' },
        schema: {
          tags: ['stats'],
          summary,
          querystring,
          response: { 200: answer, ...problemsOf(400, 401, 403, 429, 503) },
        },
      },
      async ({ query }) => {
        const { measures, reachedMs } = await store.measures(filterOf(query));
        return {
          events: measures.length,
          reached: reachedMs === null ? null : new Date(reachedMs).toISOString(),
          ...count(measures, query),
        };
      },
    );

  route('errors', 'Error rate by type', ErrorStats, (measures) => {
    const errors = measures.reduce((sum, { error }) => sum + Number(error), 0);
    return {
      errors,
      rate: measures.length === 0 ? 0 : errors / measures.length,
      types: errorsByType(measures),
    };
  });
  route('latency', 'Durations of calls by tool and model', LatencyStats, latencies);
  route('usage', 'Tokens and cost by model and agent', UsageStats, (measures) => ({
    usage: usage(measures, prices()),
  }));
  route(
    'sequences',
    'Frequent sequences of steps',
    SequenceStats,
    (measures, { length = 3, limit = 20 }) => ({ sequences: sequences(measures, length, limit) }),
    SequencesQuery,
  );
  route('coverage', 'How much the parser understands', CoverageStats, coverageOf);

  app.get<{ Querystring: StatsQuery }>(
    '/api/v1/stats/traces',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'Traces a day',
        querystring: StatsQuery,
        response: { 200: TraceStats, ...problemsOf(400, 401, 403, 429, 503) },
      },
    },
    async ({ query }) => {
      const { days, reachedMs } = await store.tracesByDay(filterOf(query));
      return { days, reached: reachedMs === null ? null : new Date(reachedMs).toISOString() };
    },
  );
}

const filterOf = ({ from, to, agent_id }: StatsQuery) => given({ ...periodOf({ from, to }), agent_id });

function coverageOf(measures: readonly Measures[]) {
  const agents = new Map<string | null, { events: number; unparsed: number }>();
  let unparsed = 0;
  for (const { agent, type } of measures) {
    const counts = agents.get(agent) ?? { events: 0, unparsed: 0 };
    agents.set(agent, counts);
    counts.events += 1;
    if (type !== 'log') continue;
    counts.unparsed += 1;
    unparsed += 1;
  }
  return {
    understood: measures.length - unparsed,
    unparsed,
    rate: measures.length === 0 ? null : 1 - unparsed / measures.length,
    agents: [...agents]
      .map(([agent_id, counts]) => ({ agent_id, ...counts }))
      .sort((a, b) => b.unparsed - a.unparsed)
      .slice(0, MOST_AGENTS),
  };
}
