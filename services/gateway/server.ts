import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { auditRequests } from './audit.js';
import { requireKeys } from './auth.js';
import { acceptBodies, demandStrictBodies } from './body.js';
import { SECURITY_HEADERS, shareAcrossOrigins } from './browser.js';
import type { GatewayMetrics } from './metrics.js';
import type { Ports } from './ports.js';
import { PROBLEM_JSON, Problem, type ProblemName, problemBody, sendProblem } from './problem.js';
import { ASSETS_PREFIX, consoleRoutes } from './routes/console.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { erasureRoutes } from './routes/erasure.js';
import { eventRoutes } from './routes/events.js';
import { flowRoutes } from './routes/flow.js';
import { ingestRoutes } from './routes/ingest.js';
import { kafkaRoutes } from './routes/kafka.js';
import { keyRoutes } from './routes/keys.js';
import { liveRoutes } from './routes/live.js';
import { logRoutes } from './routes/logs.js';
import { patternRoutes } from './routes/patterns.js';
import { probeRoutes } from './routes/probes.js';
import { receiptRoutes } from './routes/receipts.js';
import { searchRoutes } from './routes/search.js';
import { statsRoutes } from './routes/stats.js';
import { traceRoutes } from './routes/traces.js';

export interface ServerLimits {
  maxBodyBytes: number;
  maxBatchItems: number;
  /** Of a key without a limit of its own. */
  requestsPerMinute: number;
  /** Of an address that shows no valid key. */
  anonymousPerMinute: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /** A connection on which nothing moves for so long is cut, as that of a client who does not read its answer. */
  idleTimeoutMs: number;
  maxConnections: number;
  /** Origins whose pages may call the API. */
  corsOrigins: string[];
  /** Addresses whose X-Forwarded-For is believed. */
  trustedProxies: string[];
}

export interface ServerOptions {
  ports: Ports;
  metrics: GatewayMetrics;
  limits: ServerLimits;
  /** Folder of the built console. */
  consoleFolder: string;
  logger?: FastifyBaseLogger;
}

const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 100;
/** How often slow requests are looked for: a limit may be passed by so much. */
const SLOW_CHECK_MS = 1_000;
/** Keys and addresses whose requests are counted at once; the longest unused gives way. */
const COUNTED_CLIENTS = 20_000;

/** A browser that opens the console asks for so many files beside its page, at most. */
const MOST_ASSETS_OF_PAGE = 40;
const isAsset = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.url?.startsWith(ASSETS_PREFIX) ?? false;

/** The HTTP API on its ports; listens to nothing yet. */
export async function createServer({
  ports,
  metrics,
  limits,
  consoleFolder,
  logger,
}: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    trustProxy: limits.trustedProxies.length > 0 ? limits.trustedProxies : false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // path and query are text, so numbers in them are read as such
    ajv: { customOptions: { allErrors: true, coerceTypes: true, removeAdditional: false } },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      connectionsCheckingInterval: SLOW_CHECK_MS,
    },
    routerOptions: { maxParamLength: 2_048 },
    // addresses that cannot be decoded come before any route, and before the error handler
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply, problemOf(error));
    },
    clientErrorHandler(error, socket) {
      if (!socket.writable) return;
      const name =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? 'header-too-large'
          : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
            ? 'request-timeout'
            : 'invalid-request';
      const body = problemBody(new Problem(name, 'the request is not HTTP as this server takes it'), '/');
      const text = JSON.stringify(body);
      socket.end(
        `HTTP/1.1 ${body.status} ${body.title}\r\ncontent-type: ${PROBLEM_JSON}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
      );
    },
  });
  app.server.maxHeadersCount = MAX_HEADERS;
  app.server.maxConnections = limits.maxConnections;
  demandStrictBodies(app);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  endConnections(app);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
  });

  await shareAcrossOrigins(app, limits.corsOrigins);
  requireKeys(app, ports.keys);
  auditRequests(app, ports.audit, ports.now);
  acceptBodies(app, limits.maxBodyBytes);
  await app.register(helmet, SECURITY_HEADERS);
  await app.register(rateLimit, {
    max: (request) => {
      const { principal } = request;
      if (principal) return principal.requestsPerMinute ?? limits.requestsPerMinute;
      return limits.anonymousPerMinute * (isAsset(request) ? MOST_ASSETS_OF_PAGE : 1);
    },
    cache: COUNTED_CLIENTS,
    timeWindow: 60_000,
    enableDraftSpec: true,
    keyGenerator: (request: FastifyRequest) =>
      request.principal
        ? `key:${request.principal.id}`
        : `${isAsset(request) ? 'assets' : 'ip'}:${request.ip}`,
    errorResponseBuilder: (_request, context) =>
      new Problem('rate-limited', `more than ${context.max} requests a minute`, {
        retryAfterS: Math.ceil(context.ttl / 1_000),
      }),
  });
  describeFailures(app);
  await describeApi(app);

  probeRoutes(app, ports, metrics);
  ingestRoutes(app, ports, metrics, limits.maxBatchItems);
  await logRoutes(app, ports, metrics, limits.maxBatchItems);
  eventRoutes(app, ports);
  traceRoutes(app, ports);
  erasureRoutes(app, ports);
  searchRoutes(app, ports);
  statsRoutes(app, ports);
  kafkaRoutes(app, ports);
  patternRoutes(app, ports);
  liveRoutes(app, ports);
  receiptRoutes(app, ports);
  flowRoutes(app, ports);
  deadLetterRoutes(app, ports);
  keyRoutes(app, ports);
  await consoleRoutes(app, consoleFolder);
  return app;
}

/** Once the server closes, each answer ends its connection: a kept one would hold the end up until it times out. */
function endConnections(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

function describeFailures(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    if (problem.problem === 'internal')
      request.log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    if (problem.problem === 'too-large') readOn(request, reply);
    return sendProblem(reply, problem);
  });
  // who looks for routes is counted, too
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    sendProblem(
      reply,
      new Problem('not-found', `there is no ${request.method} ${request.url.split('?', 1)[0]}; see /docs`),
    ),
  );
}

/**
 * What is left of a body that is refused is read and dropped, within the time of a request: a client that still writes when its
 * connection ends learns only that it ended.
 */
function readOn(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  request.raw.resume();
}

const BY_CODE: Record<string, ProblemName> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
};

function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const errors = error.validation.map((fault) => {
      const path = fault.instancePath.slice(1).replaceAll('/', '.');
      const extra = (fault.params as { missingProperty?: string; additionalProperty?: string }) ?? {};
      const inner = extra.missingProperty ?? extra.additionalProperty;
      const field = [path, inner].filter(Boolean).join('.') || (error.validationContext ?? 'body');
      return { field, message: fault.message ?? 'is not valid' };
    });
    return new Problem(
      'invalid-request',
      errors.map(({ field, message }) => `${field} ${message}`).join('; '),
      { errors },
    );
  }
  const known = BY_CODE[error.code];
  if (known) return new Problem(known, error.message);
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Problem('invalid-request', error.message);
  }
  return new Problem('internal', 'the request failed for a reason of our own; the server log says why');
}

async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'VectaDB',
        version: '1',
        description: 'Agent observability from plain logs. Errors are RFC 9457 problem details.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key' } } },
      security: [{ key: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  // open to all and a hundred kilobytes: made once
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json').send(text);
  });
}
