import { UserError } from '../../deploy/local/stack.js';
import type { ApiClient } from './api-client.js';
import { type ApiParameters, queryString } from './api-options.js';

/** Most rows of one request, as the API has it. */
const PAGE_ROWS = 1_000;
const DEFAULT_ROWS = 50;

export interface Listed<Row> {
  rows: Row[];
  /** Where the rest begins; null: there is none. */
  next_cursor: string | null;
}

/**
 * Rows of a list of the API, page after page until `limit` of them are there or there are no more. The server answers with
 * less than a page where looking takes long; asking goes on then.
 * @throws UserError with the API's words where it refuses a parameter.
 */
export async function listRows<Row>(
  api: Pick<ApiClient, 'request'>,
  path: string,
  name: 'events' | 'traces',
  parameters: ApiParameters,
): Promise<Listed<Row>> {
  const limit = readLimit(parameters.limit);
  const rows: Row[] = [];
  let cursor = parameters.cursor as string | undefined;
  for (;;) {
    const asked = String(Math.min(limit - rows.length, PAGE_ROWS));
    const query = queryString({ ...parameters, limit: asked, ...(cursor === undefined ? {} : { cursor }) });
    const page = await api.request<Record<string, unknown>>('GET', `${path}?${query}`);
    if (page === null) throw new UserError(`the API has no ${path}`);
    rows.push(...(page[name] as Row[]));
    const next = page.next_cursor as string | null;
    if (next === null || rows.length >= limit) return { rows, next_cursor: next };
    cursor = next;
  }
}

function readLimit(text: ApiParameters[string] | undefined): number {
  if (text === undefined) return DEFAULT_ROWS;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UserError(`--limit is '${text}', wanted is a number from 1`);
  return limit;
}
