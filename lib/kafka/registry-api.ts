import { request as requestHttp } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import type { Schema } from 'avsc';
import type { RegistrySettings } from '../config/connections.js';
import { tlsFault } from '../config/tls-fault.js';
import { FatalError } from './types.js';

/** The registry gave no answer, or one that may be another the next time. Retriable. */
export class RegistryUnavailableError extends Error {
  override name = 'RegistryUnavailableError';
}

/** Error codes of the Confluent API, https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors */
const NOT_FOUND = [40401, 40402, 40403];
const REQUEST_LIMIT_MS = 5_000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/**
 * The parts of a Confluent-compatible registry's API that its client library leaves out: a subject's mode, its
 * versions, a compatibility check without registering, and an answer to "is there such an id" that tells a registry that
 * says no from a proxy that does.
 */
export class RegistryApi {
  private readonly url: string;
  private readonly agent: Agent | undefined;

  constructor(private readonly settings: RegistrySettings) {
    this.url = settings.url;
    this.agent = settings.tls ? new Agent(settings.tls) : undefined;
  }

  /** The schema of an id; null when the registry says that it has none; `other` for one that is not Avro. */
  async schemaById(id: number): Promise<{ schema: Schema } | 'other' | null> {
    const found = (await this.call('GET', `/schemas/ids/${id}`)) as {
      schema: string;
      schemaType?: string;
    } | null;
    if (found === null) return null;
    if (found.schemaType !== undefined && found.schemaType !== 'AVRO') return 'other';
    return { schema: JSON.parse(found.schema) as Schema };
  }

  /** Version numbers of a subject; empty when there is no such subject. */
  async versions(subject: string): Promise<number[]> {
    return (
      ((await this.call('GET', `/subjects/${encodeURIComponent(subject)}/versions`)) as number[] | null) ?? []
    );
  }

  async schemaOfVersion(subject: string, version: number): Promise<Schema> {
    const found = (await this.call(
      'GET',
      `/subjects/${encodeURIComponent(subject)}/versions/${version}`,
    )) as {
      schema: string;
    } | null;
    if (found === null)
      throw new RegistryUnavailableError(`${subject} version ${version} vanished while it was read`);
    return JSON.parse(found.schema) as Schema;
  }

  /** Id under which this very schema is registered with the subject, or null. */
  async idOf(subject: string, schema: Schema): Promise<number | null> {
    const found = (await this.call('POST', `/subjects/${encodeURIComponent(subject)}`, wire(schema))) as {
      id: number;
    } | null;
    return found?.id ?? null;
  }

  /** Compatibility level of a subject, or null when there is no such subject. */
  async compatibility(subject: string): Promise<string | null> {
    const found = (await this.call('GET', `/config/${encodeURIComponent(subject)}`)) as {
      compatibilityLevel: string;
    } | null;
    return found?.compatibilityLevel ?? null;
  }

  async setCompatibility(subject: string, level: string): Promise<void> {
    await this.call('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: level });
  }

  /** Why the registry would refuse `schema` under its own rules, or null. A subject that does not exist takes all. */
  async refusal(subject: string, schema: Schema): Promise<string | null> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`;
    const answer = (await this.call('POST', path, wire(schema))) as {
      is_compatible: boolean;
      reason?: string | null;
      messages?: string[];
    } | null;
    if (answer === null || answer.is_compatible) return null;
    return answer.reason ?? answer.messages?.join('; ') ?? 'the registry gives no reason';
  }

  /** The body of a 2xx answer; null when the registry itself says that there is no such thing. */
  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const what = `schema registry ${method} ${this.url}${path}`;
    const { login } = this.settings;
    let answer: { status: number; text: string };
    try {
      answer = await exchange(method, this.url + path, body ? JSON.stringify(body) : null, {
        ...(this.agent ? { agent: this.agent } : {}),
        ...(login ? { auth: `${login.username}:${login.password}` } : {}),
      });
    } catch (error) {
      const fault = tlsFault(error, 'SCHEMA_REGISTRY');
      if (fault !== null) throw new FatalError(`the schema registry at ${this.url}: ${fault}`);
      const { message, code } = error as Error & { code?: string };
      throw new RegistryUnavailableError(`${what}: ${message || code}`);
    }
    const { status, text } = answer;
    if (status >= 200 && status < 300) return text === '' ? {} : JSON.parse(text);
    if (status === 404 && NOT_FOUND.includes(errorCode(text))) return null;
    if (status === 401 || status === 403) {
      throw new FatalError(
        `the schema registry at ${this.url} refuses the login (status ${status}): check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD`,
      );
    }
    const described = `${what}: status ${status} ${text.slice(0, 500)}`;
    // 404 without the registry's own code: a wrong URL, or a proxy whose registry is still starting
    if (status >= 500 || [404, 408, 409, 429].includes(status)) throw new RegistryUnavailableError(described);
    throw new Error(described);
  }
}

/** One request with `node:http`: the global fetch would cost every service 18 MB for the sake of a few calls at its start. */
function exchange(
  method: string,
  url: string,
  body: string | null,
  access: { agent?: Agent; auth?: string },
): Promise<{ status: number; text: string }> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        ...access,
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
        headers: {
          accept: `${MEDIA_TYPE}, application/json`,
          'content-type': MEDIA_TYPE,
          ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}

const wire = (schema: Schema) => ({ schema: JSON.stringify(schema) });

function errorCode(text: string): number {
  try {
    return (JSON.parse(text) as { error_code?: number }).error_code ?? 0;
  } catch {
    // an error page that is not the registry's: no code
    return 0;
  }
}
