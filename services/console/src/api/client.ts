import { currentKey, keyRefused } from './key.js';
import type { ProblemOut } from './types.js';

/** The server answered with a problem, or did not answer (status 0). */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly fields: { field: string; message: string }[] = [],
  ) {
    super(detail);
  }

  /** This server has no such route: it is older than the console, or a part of it is not running. */
  get isMissingRoute(): boolean {
    return this.status === 404 && /^there is no (GET|POST|DELETE|PUT) /i.test(this.detail);
  }
}

export type Query = Record<string, string | number | boolean | undefined | null | readonly string[]>;

/** `path` with the values that are given; arrays become repeated parameters. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
  headers?: Record<string, string>;
}

/** The response as it is. @throws ApiError for every answer that is not 2xx; a refused key is told to its owner. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const key = currentKey();
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers: {
        accept: options.accept ?? 'application/json',
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer', 'The gateway cannot be reached. Is it running?');
  }
  if (response.ok) return response;
  const error = await readProblem(response);
  if (response.status === 401) keyRefused(key, error.detail);
  throw error;
}

/** The JSON answer of a route. @throws ApiError */
export async function ask<T>(path: string, options?: RequestOptions): Promise<T> {
  const response = await send(path, options);
  return (await response.json()) as T;
}

async function readProblem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as ProblemOut;
    return new ApiError(response.status, problem.title, problem.detail, problem.errors);
  } catch {
    // a proxy's own answer
    return new ApiError(
      response.status,
      `HTTP ${response.status}`,
      text.slice(0, 300) || response.statusText,
    );
  }
}
