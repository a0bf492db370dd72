import type { FastifyReply } from 'fastify';
import type { FieldError } from './core/field-error.js';

/** Every problem that this API answers with (RFC 9457): a closed list. `type` is `urn:vectadb:problem:<name>`. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'A valid API key is required' },
  forbidden: { status: 403, title: 'The API key lacks the scope for this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  conflict: { status: 409, title: 'The request does not fit the state of things' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'too-large': { status: 413, title: 'The request is larger than the limit' },
  'unsupported-media-type': { status: 415, title: 'This content type is not accepted here' },
  'invalid-event': { status: 422, title: 'The event breaks its contract' },
  'too-many-items': { status: 422, title: 'The batch has more items than the limit' },
  trace_not_found: { status: 422, title: 'The event has no trace, and none may be created' },
  'trial-too-costly': { status: 422, title: 'Trying these lines takes too much time or memory' },
  'rate-limited': { status: 429, title: 'Too many requests with this key' },
  'header-too-large': { status: 431, title: 'The request headers are larger than the limit' },
  internal: { status: 500, title: 'The server failed' },
  overloaded: { status: 503, title: 'More is under way than the server takes at once' },
  'kafka-unavailable': { status: 503, title: 'Kafka does not take events now' },
  'keys-unavailable': { status: 503, title: 'API keys cannot be checked now' },
  'not-measured': { status: 503, title: 'This cannot be measured now' },
  'store-unavailable': { status: 503, title: 'A store does not answer now' },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

export interface ProblemExtras {
  errors?: FieldError[];
  /** Seconds; sent as Retry-After. */
  retryAfterS?: number;
  headers?: Record<string, string>;
}

/** A problem on its way to the client. `detail` is for people and holds no secret. */
export class Problem extends Error {
  override name = 'Problem';
  constructor(
    readonly problem: ProblemName,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail);
  }
}

export const PROBLEM_JSON = 'application/problem+json';

export function problemBody(problem: Problem, instance: string) {
  const { status, title } = PROBLEMS[problem.problem];
  return {
    type: `urn:vectadb:problem:${problem.problem}`,
    title,
    status,
    detail: problem.detail,
    instance,
    ...(problem.extras.errors ? { errors: problem.extras.errors } : {}),
  };
}

/** Sends the problem; `instance` is the path that was asked for, without its query. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { retryAfterS, headers } = problem.extras;
  if (headers) reply.headers(headers);
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  const instance = reply.request.url.split('?', 1)[0]!;
  return reply
    .code(PROBLEMS[problem.problem].status)
    .type(PROBLEM_JSON)
    .serializer(JSON.stringify)
    .send(problemBody(problem, instance));
}
