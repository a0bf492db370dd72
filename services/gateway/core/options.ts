import { DEFAULT_OPTIONS, type IngestionOptions } from '../../../lib/model/events.js';
import type { FieldError } from './field-error.js';
import { isObject, kindOf } from './validate-event.js';

export type ReadOptions =
  | { ok: true; options: IngestionOptions | null }
  | { ok: false; errors: FieldError[] };

const NAMES = ['auto_create_traces', 'generate_embeddings', 'extract_relationships'] as const;

/** Options of a request; null where none are given. `base`: what those that are left out fall back to. */
export function readOptions(value: unknown, base: IngestionOptions | null = null): ReadOptions {
  if (value === undefined || value === null) return { ok: true, options: base };
  if (!isObject(value)) {
    return { ok: false, errors: [{ field: 'options', message: `must be an object, not ${kindOf(value)}` }] };
  }
  const options: IngestionOptions = { ...DEFAULT_OPTIONS, ...base };
  const errors: FieldError[] = [];
  for (const name of NAMES) {
    const given = value[name];
    if (given === undefined || given === null) continue;
    if (typeof given === 'boolean') options[name] = given;
    else errors.push({ field: `options.${name}`, message: `must be true or false, not ${kindOf(given)}` });
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, options };
}
