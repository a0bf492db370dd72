import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IngestionOptions } from '../../../lib/model/events.js';
import { readOptions } from '../core/options.js';
import { isObject, kindOf } from '../core/validate-event.js';
import { ingestEvents } from '../ingest.js';
import type { GatewayMetrics } from '../metrics.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { BatchAccepted, BatchIn, EventAccepted, EventIn } from '../schemas.js';
import { problemsOf } from './answers.js';
import { receiptPath } from './receipts.js';

const TAG = ['ingest'];
const INGEST_PROBLEMS = problemsOf(400, 401, 403, 413, 415, 422, 429, 503);

/** `POST /api/v1/events` and `/events/batch`. Bodies are checked by core/validate-event, not by their schemas. */
export function ingestRoutes(
  app: FastifyInstance,
  ports: Ports,
  metrics: GatewayMetrics,
  maxItems: number,
): void {
  app.post(
    '/api/v1/events',
    {
      config: { scope: 'ingest' },
      validatorCompiler: () => () => true,
      schema: {
        tags: TAG,
        summary: 'Send one event',
        description:
          '200: stored by Kafka, and the processor said which trace it is in. 202: stored, the trace is not known yet ' +
          '(or `Prefer: respond-async` asked not to wait); `Location` is its receipt. The same event sent twice is stored once.',
        body: EventIn,
        response: { 200: EventAccepted, 202: EventAccepted, ...INGEST_PROBLEMS },
      },
    },
    async (request, reply) => {
      const { stored, refused } = await ingestEvents(
        ports,
        [request.body],
        null,
        !asksNotToWait(request, reply),
      );
      metrics.ingested('events', stored.length, refused.length);
      const problem = refused[0];
      if (problem) {
        throw new Problem(problem.problem, problem.detail, {
          errors: problem.errors.length > 0 ? problem.errors : undefined,
        });
      }
      const { eventId, answer } = stored[0]!;
      if (!answer) reply.header('location', receiptPath(eventId));
      return reply.code(answer ? 200 : 202).send({
        event_id: eventId,
        trace_id: answer?.traceId ?? null,
        created_at: new Date(answer?.createdMs ?? ports.now()).toISOString(),
      });
    },
  );

  app.post(
    '/api/v1/events/batch',
    {
      config: { scope: 'ingest' },
      validatorCompiler: () => () => true,
      schema: {
        tags: TAG,
        summary: 'Send many events',
        description:
          'A bad item has its entry in `errors`; its siblings are stored. 200: every trace is known. 202: all are stored, ' +
          'some traces are not known yet. An item may carry `options` of its own. 503 means that none counts as stored: ' +
          'send the whole batch again, what was stored after all is not doubled.',
        body: BatchIn,
        response: { 200: BatchAccepted, 202: BatchAccepted, ...INGEST_PROBLEMS },
      },
    },
    async (request, reply) => {
      const { events, options } = readBatch(request.body, maxItems);
      const { stored, refused } = await ingestEvents(ports, events, options, !asksNotToWait(request, reply));
      metrics.ingested('batch', stored.length, refused.length);
      const answered = stored.every(({ answer }) => answer !== undefined);
      return reply.code(answered ? 200 : 202).send({
        ingested: stored.length,
        failed: refused.length,
        trace_ids: [...new Set(stored.flatMap(({ answer }) => answer?.traceId ?? []))],
        errors: refused.map(({ index, detail }) => ({ index, error: detail })),
      });
    },
  );
}

function readBatch(body: unknown, maxItems: number): { events: unknown[]; options: IngestionOptions | null } {
  if (!isObject(body)) throw invalid('body', `must be an object with the array events, not ${kindOf(body)}`);
  const { events } = body;
  if (!Array.isArray(events)) {
    throw invalid(
      'events',
      events === undefined ? 'is required: an array' : `must be an array, not ${kindOf(events)}`,
    );
  }
  if (events.length > maxItems) {
    const message = `has ${events.length} items; the limit is ${maxItems}`;
    throw new Problem('too-many-items', `events ${message}`, { errors: [{ field: 'events', message }] });
  }
  const read = readOptions(body.options);
  if (!read.ok) {
    const detail = read.errors.map(({ field, message }) => `${field} ${message}`).join('; ');
    throw new Problem('invalid-request', detail, { errors: read.errors });
  }
  return { events, options: read.options };
}

const invalid = (field: string, message: string) =>
  new Problem('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });

/** RFC 7240: `Prefer: respond-async`. Says in the answer that it was heard. */
function asksNotToWait(request: FastifyRequest, reply: FastifyReply): boolean {
  const { prefer } = request.headers;
  const preferences = (Array.isArray(prefer) ? prefer.join(',') : (prefer ?? '')).split(',');
  if (!preferences.some((one) => one.split(';', 1)[0]!.trim().toLowerCase() === 'respond-async'))
    return false;
  reply.header('preference-applied', 'respond-async');
  return true;
}
