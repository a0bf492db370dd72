import { levelName, MAX_TERMS, readTerms } from '../../../lib/model/facts/search-text.js';
import { readTimestamp } from '../../../lib/model/timestamp.js';
import type { TracedRow } from '../../../lib/stores/surreal/index.js';
import { PROBLEM_JSON, Problem } from '../problem.js';
import { ProblemOut } from '../schemas.js';

/** Whatever a route does: its parameters, its address or the request as a whole may be wrong, late or too large. */
const OF_EVERY_ROUTE = [400, 408, 431];

/** The problem answers of a route, for its OpenAPI description; those that every route has need not be named. */
export const problemsOf = (...statuses: number[]): Record<number, unknown> =>
  Object.fromEntries(
    [...new Set([...statuses, ...OF_EVERY_ROUTE])].map((status) => [
      status,
      { description: 'RFC 9457 problem details', content: { [PROBLEM_JSON]: { schema: ProblemOut } } },
    ]),
  );

/** An event as lists and traces show it; what explains it has a route of its own. */
export const eventOut = (row: TracedRow) => ({
  event_id: row.event_id,
  trace_id: row.trace_id,
  group_id: row.group_id,
  session_id: row.session_id,
  agent_id: row.agent_id,
  timestamp: row.timestamp,
  event_type: row.event_type,
  framework: row.framework,
  properties: row.properties,
  source: row.source,
  flags: row.flags,
  revision: row.revision,
  generation: row.generation,
  created_at: row.created_at,
  updated_at: row.updated_at,
});

/** `from` and `to` in Unix milliseconds, half-open. @throws Problem naming the parameter. */
export function periodOf(given: { from?: string; to?: string }, prefix = ''): { from?: number; to?: number } {
  return { from: momentOf(given.from, `${prefix}from`), to: momentOf(given.to, `${prefix}to`) };
}

function momentOf(text: string | undefined, field: string): number | undefined {
  if (text === undefined) return undefined;
  const read = readTimestamp(text);
  if (read.ok) return read.ms;
  throw new Problem('invalid-request', `${field} ${read.reason}`, {
    errors: [{ field, message: read.reason }],
  });
}

/** A copy without what is undefined, so that a store does not take it for a condition. */
export const given = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

/** Terms of a text query. @throws Problem naming the parameter. */
export function termsOf(text: string | undefined, field = 'text'): string[] | undefined {
  if (text === undefined) return undefined;
  const terms = readTerms(text);
  const message =
    terms.length === 0
      ? 'holds no word'
      : terms.length > MAX_TERMS
        ? `holds ${terms.length} words and phrases; the limit is ${MAX_TERMS}`
        : null;
  if (message === null) return terms;
  throw new Problem('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
}

/** Levels by their usual names. */
export const levelsOf = (level: string | string[] | undefined): string[] | undefined =>
  level === undefined ? undefined : [level].flat().map((one) => levelName(one) ?? one);
