import { traceIdOf } from '../../lib/model/event-body.js';
import type { IngestionOptions } from '../../lib/model/events.js';
import type { Answer } from './core/answer-table.js';
import { describeErrors, type FieldError } from './core/field-error.js';
import { type AcceptedItem, type IngestPlan, planIngest } from './core/ingest-plan.js';
import { MAX_RECORD_BYTES } from './core/limits.js';
import type { Ports } from './ports.js';
import { Problem, type ProblemName } from './problem.js';

export interface RefusedItem {
  index: number;
  problem: ProblemName;
  detail: string;
  errors: FieldError[];
}

export interface Ingested {
  /** Stored by Kafka; `answer` is missing while the processor has not said which trace. */
  stored: { index: number; eventId: string; answer: Answer | undefined }[];
  refused: RefusedItem[];
}

/** Look-ups of sessions at once. */
const SESSION_LOOKUPS = 16;

/**
 * Takes the events of one request: checks each, sends what is good in one go, waits for its traces where `wait`.
 * @throws Problem where Kafka does not take them; then none of the request counts as stored.
 */
export async function ingestEvents(
  ports: Pick<Ports, 'ingest' | 'store' | 'now' | 'masker'>,
  items: readonly unknown[],
  options: IngestionOptions | null,
  wait: boolean,
): Promise<Ingested> {
  const plan = planIngest(items, options, ports.now(), ports.masker);
  const refused: RefusedItem[] = plan.refused.map(({ index, errors }) => ({
    index,
    problem: 'invalid-event',
    detail: describeErrors(errors),
    errors,
  }));
  const fitting = refuseTooLarge(plan, refused);
  const accepted = await refuseTraceless(ports.store, fitting, refused);
  const answers =
    accepted.length > 0 ? await ports.ingest.publishAndWait(accepted, wait) : new Map<string, Answer>();
  return {
    stored: accepted.map(({ index, eventId }) => ({ index, eventId, answer: answers.get(eventId) })),
    refused: refused.sort((a, b) => a.index - b.index),
  };
}

function refuseTooLarge(plan: IngestPlan, refused: RefusedItem[]): AcceptedItem[] {
  return plan.accepted.filter(({ index, log }) => {
    const bytes = Buffer.byteLength(log.event ?? '');
    if (bytes <= MAX_RECORD_BYTES) return true;
    const message = `makes the event ${bytes} bytes long, more than ${MAX_RECORD_BYTES}`;
    refused.push({
      index,
      problem: 'too-large',
      detail: `properties ${message}`,
      errors: [{ field: 'properties', message }],
    });
    return false;
  });
}

/** With auto_create_traces off an event must name a trace, or a session that has one in the store. */
async function refuseTraceless(
  store: Ports['store'],
  items: AcceptedItem[],
  refused: RefusedItem[],
): Promise<AcceptedItem[]> {
  const asking = new Set(
    items.filter(({ log, body }) => log.options?.auto_create_traces === false && !traceIdOf(body.trace_id)),
  );
  if (asking.size === 0) return items;
  const sessions = [...new Set([...asking].flatMap(({ body }) => body.session_id || []))];
  const known = new Map<string, boolean | Problem>();
  for (let from = 0; from < sessions.length; from += SESSION_LOOKUPS) {
    await Promise.all(
      sessions.slice(from, from + SESSION_LOOKUPS).map(async (session) => {
        known.set(session, await hasTrace(store, session));
      }),
    );
  }
  return items.filter((item) => {
    if (!asking.has(item)) return true;
    const session = item.body.session_id;
    const found = session ? known.get(session)! : false;
    if (found === true) return true;
    refused.push({ index: item.index, ...tracelessProblem(session, found) });
    return false;
  });
}

async function hasTrace(store: Ports['store'], session: string): Promise<boolean | Problem> {
  try {
    return (await store.findTraceBySession(session)) !== null;
  } catch (error) {
    // the store being down concerns these items only: their siblings go on
    if (error instanceof Problem) return error;
    throw error;
  }
}

function tracelessProblem(session: string | undefined, found: false | Problem): Omit<RefusedItem, 'index'> {
  if (found) return { problem: found.problem, detail: found.detail, errors: [] };
  const message = session
    ? `trace_not_found: the session ${JSON.stringify(session)} has no trace, and auto_create_traces is false`
    : 'trace_not_found: neither trace_id nor session_id is given, and auto_create_traces is false';
  return {
    problem: 'trace_not_found',
    detail: message,
    errors: [{ field: session ? 'session_id' : 'trace_id', message }],
  };
}
