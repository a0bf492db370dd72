import { MAX_ID_LENGTH } from '../../../lib/model/event-body.js';
import type { EventBody } from '../../../lib/model/events.js';
import { readTimestamp } from '../../../lib/model/timestamp.js';
import type { FieldError } from './field-error.js';
import { MAX_AHEAD_MS, MAX_JSON_DEPTH } from './limits.js';

export type Validated = { ok: true; body: EventBody; timeMs: number } | { ok: false; errors: FieldError[] };

const IDS = ['event_id', 'trace_id', 'session_id', 'agent_id', 'event_type', 'framework'] as const;
const SOURCE_PARTS = ['account', 'region', 'log_group', 'log_stream', 'log_id'] as const;
const CONTROL = /\p{Cc}/u;

type Fields = Record<string, unknown>;

/**
 * Checks one event as it was sent. null counts as left out; fields that are not in the contract are ignored. All faults
 * are named, not only the first. `nowMs` is the gateway's clock.
 */
export function validateEvent(value: unknown, nowMs: number): Validated {
  if (!isObject(value))
    return { ok: false, errors: [{ field: 'body', message: `must be an object, not ${kindOf(value)}` }] };
  const errors: FieldError[] = [];
  for (const field of IDS) checkText(value[field], field, errors);
  const time = readTimestamp(value.timestamp);
  if (!time.ok) errors.push({ field: 'timestamp', message: time.reason });
  else if (time.ms > nowMs + MAX_AHEAD_MS) {
    errors.push({
      field: 'timestamp',
      message: `lies more than 5 minutes ahead of the server's clock (${new Date(nowMs).toISOString()}): ${time.text}`,
    });
  }
  checkProperties(value.properties, errors);
  checkSource(value.source, errors);
  if (errors.length > 0 || !time.ok) return { ok: false, errors };
  return { ok: true, body: value as unknown as EventBody, timeMs: time.ms };
}

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  const type = typeof value;
  return type === 'object' ? 'an object' : type === 'undefined' ? 'nothing' : `a ${type}`;
}

function checkText(value: unknown, field: string, errors: FieldError[]): void {
  if (value === undefined || value === null) return;
  const message = textFault(value);
  if (message) errors.push({ field, message });
}

/** Why a value is no id, or null. Control characters and lone surrogates do not survive every store's keys. */
export function textFault(value: unknown): string | null {
  if (typeof value !== 'string') return `must be a string, not ${kindOf(value)}`;
  if (value.length > MAX_ID_LENGTH)
    return `must be at most ${MAX_ID_LENGTH} characters long, not ${value.length}`;
  if (CONTROL.test(value)) return 'must not contain control characters';
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  return null;
}

function checkProperties(value: unknown, errors: FieldError[]): void {
  if (value === undefined) errors.push({ field: 'properties', message: 'is required: an object' });
  else if (!isObject(value)) {
    errors.push({ field: 'properties', message: `must be an object, not ${kindOf(value)}` });
  } else {
    const fault = structureFault(value, 'properties', MAX_JSON_DEPTH - 1);
    if (fault) errors.push(fault);
  }
}

/** Nesting deeper than `depth` levels, or a key that readers of the event could take for a prototype. */
function structureFault(value: object, path: string, depth: number): FieldError | null {
  if (depth <= 0) return { field: 'properties', message: `is nested deeper than ${MAX_JSON_DEPTH} levels` };
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) {
    return { field: path, message: 'must not have a key named __proto__' };
  }
  for (const key of Object.keys(value)) {
    const child = (value as Fields)[key];
    if (typeof child !== 'object' || child === null) continue;
    const fault = structureFault(child, `${path}.${key}`, depth - 1);
    if (fault) return fault;
  }
  return null;
}

/** Whether a value is nested deeper than `levels`, itself included. Walks no deeper than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels <= 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

function checkSource(value: unknown, errors: FieldError[]): void {
  if (value === undefined || value === null) return;
  if (!isObject(value)) {
    errors.push({ field: 'source', message: `must be an object, not ${kindOf(value)}` });
    return;
  }
  if (value.system === undefined || value.system === null || value.system === '') {
    errors.push({ field: 'source.system', message: 'is required where source is given' });
  } else checkText(value.system, 'source.system', errors);
  for (const part of SOURCE_PARTS) checkText(value[part], `source.${part}`, errors);
}
