import type { FastifyInstance } from 'fastify';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { FlowOut } from '../schemas.js';
import { problemsOf } from './answers.js';

export function flowRoutes(app: FastifyInstance, { flow }: Pick<Ports, 'flow'>): void {
  app.get(
    '/api/v1/stats/flow',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'What was accepted in the last 24 hours, and what became of it',
        description:
          'By the hour of append time in raw-logs, newest first: accepted = stored + dead_lettered + in_flight + unaccounted. Measured ' +
          'every ten seconds. `unaccounted` is what is neither stored nor refused although nothing is left in front of any reader: always 0.',
        response: { 200: FlowOut, ...problemsOf(401, 403, 429, 503) },
      },
    },
    async () => {
      const { report, failure } = flow.report;
      if (report === null) throw new Problem('not-measured', failure, { retryAfterS: 10 });
      return { measured_at: new Date(report.atMs).toISOString(), total: report.total, hours: report.hours };
    },
  );
}
