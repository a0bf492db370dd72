import type { FastifyInstance } from 'fastify';
import { json } from '../body.js';
import { describeErrors } from '../core/field-error.js';
import { MAX_JSON_DEPTH, MAX_RECORD_BYTES } from '../core/limits.js';
import {
  jsonLine,
  type LineDefaults,
  linesOf,
  ndjsonLine,
  type ReadLine,
  textLine,
} from '../core/log-lines.js';
import { isDeeperThan, kindOf, textFault } from '../core/validate-event.js';
import type { GatewayMetrics } from '../metrics.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { LinesAccepted, LinesQuery } from '../schemas.js';
import { problemsOf } from './answers.js';

/** A body of lines, kept as bytes so that one line that is not UTF-8 does not fail the others. */
interface Lines {
  type: 'text' | 'ndjson' | 'array';
  body: Buffer;
}

const TEXT = ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream'];
const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/json-lines'];
/** Errors told one by one; `rejected` counts them all. */
const MAX_ERRORS = 1_000;

/** `POST /api/v1/logs`: for people with a file and curl. */
export async function logRoutes(
  app: FastifyInstance,
  ports: Ports,
  metrics: GatewayMetrics,
  maxItems: number,
): Promise<void> {
  // A scope of its own: here JSON may be an array of lines, and curl's default content type is taken for text.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const accept = (types: string[], type: Lines['type']) =>
      scope.addContentTypeParser(types, { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => ({
        type,
        body,
      }));
    accept(TEXT, 'text');
    accept(NDJSON, 'ndjson');
    accept(['application/json'], 'array');

    scope.post<{ Querystring: LinesQuery; Body: Lines | undefined }>(
      '/api/v1/logs',
      {
        config: { scope: 'ingest' },
        schema: {
          tags: ['ingest'],
          summary: 'Send log lines',
          description:
            'text/plain: one log line each. application/x-ndjson: an object with `timestamp` and `properties` is an event, ' +
            'one with `message` and `source` a log line, anything else the text of a log line. application/json: an array of ' +
            'the same, or of strings. gzip is taken. Lines are stored when the answer comes; a refused one has its entry in ' +
            '`errors`. Lines have no identity of their own: sent twice they are stored twice, unless they carry source.log_id.',
          consumes: ['text/plain', 'application/x-ndjson', 'application/json'],
          querystring: LinesQuery,
          response: { 200: LinesAccepted, ...problemsOf(400, 401, 403, 413, 415, 422, 429, 503) },
        },
      },
      async (request) => {
        const defaults = { ...defaultsOf(request.query), masker: ports.masker };
        const lines = readLines(request.body, defaults, ports.now(), maxItems);
        const accepted = lines.flatMap(({ line }) => (line.ok ? [line] : []));
        if (accepted.length > 0) await ports.ingest.publish(accepted);
        const errors = lines.flatMap(({ index, line }) =>
          line.ok ? [] : [{ index, error: describeErrors(line.errors) }],
        );
        metrics.ingested('logs', accepted.length, errors.length);
        return { accepted: accepted.length, rejected: errors.length, errors: errors.slice(0, MAX_ERRORS) };
      },
    );
  });
}

function defaultsOf(query: LinesQuery): Omit<LineDefaults, 'masker'> {
  for (const [field, value] of Object.entries(query)) {
    const message = textFault(value);
    if (message)
      throw new Problem('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
  }
  const parts = [query.system, query.account, query.region, query.log_group, query.log_stream];
  const source = parts.some(Boolean)
    ? {
        system: query.system || 'http',
        account: query.account || null,
        region: query.region || null,
        log_group: query.log_group || null,
        log_stream: query.log_stream || null,
        log_id: null,
      }
    : null;
  return { source, agent_id: query.agent_id || undefined, session_id: query.session_id || undefined };
}

function readLines(
  given: Lines | undefined,
  defaults: LineDefaults,
  nowMs: number,
  maxItems: number,
): { index: number; line: ReadLine }[] {
  if (!given) return [];
  const items: { index: number; read: () => ReadLine }[] =
    given.type === 'array'
      ? elementsOf(given.body).map((value, index) => ({
          index,
          read: () =>
            // what is deeper would exhaust the stack of whoever walks it
            isDeeperThan(value, MAX_JSON_DEPTH)
              ? refuse(`is nested deeper than ${MAX_JSON_DEPTH} levels`)
              : jsonLine(value, JSON.stringify(value), defaults, nowMs),
        }))
      : linesOf(given.body).map(({ index, bytes }) => ({
          index,
          read: () =>
            readBytes(bytes, (text) =>
              given.type === 'text' ? textLine(text, defaults) : ndjsonLine(text, defaults, nowMs),
            ),
        }));
  if (items.length > maxItems) {
    const message = `has ${items.length} lines; the limit is ${maxItems}`;
    throw new Problem('too-many-items', `the body ${message}`, { errors: [{ field: 'body', message }] });
  }
  return items.map(({ index, read }) => ({ index, line: withinLimit(read()) }));
}

function elementsOf(body: Buffer): unknown[] {
  const value = json(body);
  if (Array.isArray(value)) return value;
  const message = `must be an array, not ${kindOf(value)}; one object a line is application/x-ndjson`;
  throw new Problem('invalid-request', `the body ${message}`, { errors: [{ field: 'body', message }] });
}

function readBytes(bytes: Buffer, read: (text: string) => ReadLine): ReadLine {
  try {
    return read(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) return refuse('is not valid UTF-8');
    throw error;
  }
}

function withinLimit(line: ReadLine): ReadLine {
  if (!line.ok) return line;
  const bytes = Buffer.byteLength(line.log.event ?? line.log.message);
  return bytes <= MAX_RECORD_BYTES ? line : refuse(`is ${bytes} bytes long, more than ${MAX_RECORD_BYTES}`);
}

const refuse = (message: string): ReadLine => ({ ok: false, errors: [{ field: 'line', message }] });
