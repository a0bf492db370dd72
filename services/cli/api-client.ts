import { chooseStack } from '../../deploy/local/choose.js';
import { UserError } from '../../deploy/local/stack.js';
import type { CostEstimate } from '../../lib/model/cost/estimate-cost.js';
import type { Relation } from '../../lib/model/trace-tree.js';
import type { EventRow, TraceRow } from '../../lib/stores/surreal/rows.js';
import type { explain } from '../gateway/core/explain.js';
import type { FlowHour, FlowTotals } from '../gateway/core/flow.js';
import type { Receipt } from '../gateway/core/receipt.js';
import type { ApiParameters } from './api-options.js';

/** A trace as `GET /api/v1/traces/:id` gives it. */
export interface TraceDetail extends TraceRow {
  cost: CostEstimate;
  events: (EventRow & { parent_id: string | null; relation: Relation | null; latency_ms: number | null })[];
  events_truncated: boolean;
  merged_from: string | null;
}

/** What was accepted and what became of it, as `GET /api/v1/stats/flow` gives it. */
export interface FlowAnswer {
  measured_at: string;
  total: FlowTotals;
  hours: FlowHour[];
}

/** Why an event is where it is, as `GET /api/v1/events/:id/explain` gives it. */
export type EventExplanation = ReturnType<typeof explain>;

export interface SearchAnswer {
  mode: 'semantic' | 'lexical (hashed)';
  results: {
    score: number;
    found_by?: { how: 'meaning' | 'text'; rank: number; score?: number }[];
    event: EventRow;
  }[];
}

export type SearchBy = 'meaning' | 'text' | 'both';

const LIMIT_MS = 30_000;

/** The HTTP API, as any client sees it. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly key: string | null,
  ) {}

  /** VECTADB_URL and VECTADB_API_KEY where they are set, else the stack that runs here. @throws UserError where none does. */
  static async connect(): Promise<ApiClient> {
    const { VECTADB_URL, VECTADB_API_KEY } = process.env;
    if (VECTADB_URL) return new ApiClient(VECTADB_URL.replace(/\/$/, ''), VECTADB_API_KEY ?? null);
    const report = await (await chooseStack()).status();
    const gateway = report.endpoints.gateway;
    if (!gateway)
      throw new UserError('no gateway runs here: `make up`, or set VECTADB_URL and VECTADB_API_KEY');
    return new ApiClient(gateway.url, VECTADB_API_KEY ?? report.api_key);
  }

  /** JSON (an empty object where the answer has no body), or null for 404. @throws UserError with the API's own words for any other refusal. */
  async request<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: { type: string; content: string },
  ): Promise<T | null> {
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          ...(this.key ? { authorization: `Bearer ${this.key}` } : {}),
          ...(body ? { 'content-type': body.type } : {}),
        },
        body: body?.content,
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new UserError(`${this.url} does not answer (${cause}): does it run? \`make status\``);
    }
    if (response.status === 404) return null;
    const text = await response.text();
    if (!response.ok) throw new UserError(`${method} ${path}: ${response.status} ${problemOf(text)}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  /** @throws UserError where something was refused. */
  async sendLines(lines: object[]): Promise<number> {
    const content = lines.map((line) => JSON.stringify(line)).join('\n');
    const answer = await this.request<{ accepted: number; rejected: number; errors: unknown[] }>(
      'POST',
      '/api/v1/logs',
      {
        type: 'application/x-ndjson',
        content,
      },
    );
    if (answer!.rejected > 0) throw new UserError(`lines were refused: ${JSON.stringify(answer!.errors[0])}`);
    return answer!.accepted;
  }

  trace(id: string): Promise<TraceDetail | null> {
    return this.request<TraceDetail>('GET', `/api/v1/traces/${encodeURIComponent(id)}`);
  }

  /** What was removed of a trace or a session. */
  async erase(
    what: 'traces' | 'sessions',
    id: string,
  ): Promise<{ traces: number; events: number; vectors: number }> {
    const path = `/api/v1/${what}/${encodeURIComponent(id)}`;
    const erased = await this.request<{ traces: number; events: number; vectors: number }>('DELETE', path);
    if (erased === null)
      throw new UserError(`${this.url} does not know DELETE ${path}: is it of this version?`);
    return erased;
  }

  explain(eventId: string): Promise<EventExplanation | null> {
    return this.request<EventExplanation>('GET', `/api/v1/events/${encodeURIComponent(eventId)}/explain`);
  }

  receipt(eventId: string): Promise<Receipt | null> {
    return this.request<Receipt>('GET', `/api/v1/receipts/${encodeURIComponent(eventId)}`);
  }

  flow(): Promise<FlowAnswer | null> {
    return this.request<FlowAnswer>('GET', '/api/v1/stats/flow');
  }

  async events(query: Record<string, string>): Promise<EventRow[]> {
    const page = await this.request<{ events: EventRow[] }>(
      'GET',
      `/api/v1/events?${new URLSearchParams(query)}`,
    );
    return page?.events ?? [];
  }

  async search(
    query: string,
    limit: number,
    how: { by?: SearchBy; filter?: ApiParameters } = {},
  ): Promise<SearchAnswer> {
    const content = JSON.stringify({ query, limit, ...how });
    const answer = await this.request<SearchAnswer>('POST', '/api/v1/search', {
      type: 'application/json',
      content,
    });
    if (answer === null) throw new UserError('the API has no search');
    return answer;
  }
}

function problemOf(text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    return [title, detail].filter(Boolean).join(': ') || text.slice(0, 200);
  } catch {
    return text.slice(0, 200); // no problem document: show what came
  }
}
