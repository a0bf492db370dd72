import type { FastifyInstance } from 'fastify';
import { strictBody } from '../body.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { MAX_TRIED_LINES, TrialIn, TrialOut } from '../schemas-patterns.js';
import { problemsOf } from './answers.js';

/** `POST /api/v1/patterns/try`: what the parser makes of lines, and why. */
export function patternRoutes(app: FastifyInstance, { trials }: Pick<Ports, 'trials'>): void {
  app.post<{ Body: TrialIn }>(
    '/api/v1/patterns/try',
    {
      // it shows nothing that is stored; rules of config.yaml are named in every event's explanation, too
      config: { scope: 'read' },
      validatorCompiler: strictBody,
      schema: {
        tags: ['patterns'],
        summary: 'What the parser makes of lines, and why',
        description:
          'Nothing is stored. The rules are those of the gateway’s config.yaml, which is the processor’s, behind the ones given. ' +
          'It runs in a process of its own with limits of time and memory.',
        body: TrialIn,
        response: {
          200: TrialOut,
          ...problemsOf(400, 401, 403, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async ({ body }) => {
      const lines = body.text.split(/\r?\n/);
      if (lines.at(-1) === '') lines.pop();
      if (lines.length > MAX_TRIED_LINES) {
        const message = `has ${lines.length} lines; at most ${MAX_TRIED_LINES} are tried at once`;
        throw new Problem('invalid-request', `text ${message}`, { errors: [{ field: 'text', message }] });
      }
      const { lines: parsed, ...rest } = await trials.run({ lines, rules: body.rules ?? '' });
      return { lines: parsed.map((line, index) => ({ text: lines[index]!, ...line })), ...rest };
    },
  );
}
