import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Value } from '@sinclair/typebox/value';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import { parseJsonText } from '../../lib/model/json-text.js';
import { Problem } from './problem.js';

/** Faults of one body that are told. */
const MAX_BODY_ERRORS = 20;

/** Text as it was sent. @throws Problem where it is not UTF-8. */
export function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Problem('invalid-request', 'the body is not valid UTF-8', {
      errors: [{ field: 'body', message: 'must be UTF-8' }],
    });
  }
}

/** @throws Problem naming the place of the fault. */
export function json(body: Buffer): unknown {
  const text = utf8(body);
  if (text.trim() === '') {
    throw new Problem('invalid-request', 'the body is empty: JSON is expected', {
      errors: [{ field: 'body', message: 'is required' }],
    });
  }
  try {
    return parseJsonText(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Problem('invalid-request', `the body is not valid JSON: ${message}`, {
      errors: [{ field: 'body', message: 'must be valid JSON' }],
    });
  }
}

/**
 * Takes JSON (integers beyond 2^53 kept as text) and, where the sender says so, gzip. The body limit holds for what comes
 * out of the decompression, so a small body cannot become a large one.
 */
export function acceptBodies(app: FastifyInstance, maxBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => json(body),
  );
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase();
    if (!encoding || encoding === 'identity') return payload;
    if (encoding !== 'gzip' && encoding !== 'x-gzip') {
      throw new Problem(
        'unsupported-media-type',
        `content-encoding ${encoding} is not accepted: gzip or none`,
      );
    }
    return gunzipped(payload as Readable, maxBytes);
  });
}

function gunzipped(payload: Readable, maxBytes: number): Readable & { receivedEncodedLength: number } {
  const gunzip = Object.assign(createGunzip(), { receivedEncodedLength: 0 });
  let decoded = 0;
  payload.on('data', (chunk: Buffer) => {
    gunzip.receivedEncodedLength += chunk.length;
  });
  gunzip.on('data', (chunk: Buffer) => {
    decoded += chunk.length;
    // fastify refuses the request at this very chunk, but would let the rest be decompressed for nothing
    if (decoded > maxBytes) gunzip.destroy();
  });
  payload.on('error', (error) => gunzip.destroy(error));
  // Whoever reads the body hears of a fault by a listener of its own. With nobody reading (a GET, a body that was refused
  // already) an error event without a listener would end the process.
  gunzip.on('error', () => undefined);
  return payload.pipe(gunzip);
}

/**
 * For a route whose body is JSON. Such a body says what it means, so unlike a query nothing in it is coerced: a 0 stays a
 * number, and does not become the null or the text that a schema would take in its place. What is left out gets its default.
 */
export const strictBody: FastifySchemaCompiler<unknown> = ({ schema, httpPart, method, url }) => {
  if (httpPart !== 'body') throw new Error(`${method} ${url}: strictBody checks no ${httpPart}`);
  const compiled = TypeCompiler.Compile(schema as TSchema);
  return (sent: unknown) => {
    const body = Value.Default(schema as TSchema, sent);
    return compiled.Check(body) ? { value: body } : { error: bodyProblem(compiled, body) };
  };
};

function bodyProblem(compiled: ReturnType<typeof TypeCompiler.Compile>, body: unknown): Problem {
  const errors = [...compiled.Errors(body)].slice(0, MAX_BODY_ERRORS).map(({ path, message }) => ({
    field: path.slice(1).replaceAll('/', '.') || 'body',
    message: message.charAt(0).toLowerCase() + message.slice(1),
  }));
  return new Problem(
    'invalid-request',
    errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    {
      errors,
    },
  );
}

/** A route with a described body must say how it is checked: the server's own validator is for queries and coerces. */
export function demandStrictBodies(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, schema, validatorCompiler }) => {
    if (schema?.body && !validatorCompiler)
      throw new Error(`${method} ${url}: its body needs a strict validator`);
  });
}
