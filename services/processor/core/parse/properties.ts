import { bareObject } from '../bare-object.js';
import { toMilliseconds, toNumber } from './units.js';

/** Properties under construction. Nothing is inherited, so that a key `__proto__` is data like any other. */
export type Properties = Record<string, unknown>;

export const newProperties = (): Properties => bareObject<unknown>();

/** Largest text of a captured property, characters; `message` holds the whole. */
export const MAX_CAPTURED_CHARS = 65_536;

const COUNT = /_(?:tokens|count|mb)$|^(?:http_status|n|step)$/;

/** A captured text as the property's value: `*_ms` with its unit, counts and sizes as numbers, anything else as text. */
export function propertyValue(name: string, captured: string): unknown {
  const text = captured.trim();
  if (text === '') return undefined;
  if (name.endsWith('_ms')) return toMilliseconds(text, 'ms') ?? undefined;
  if (COUNT.test(name)) return toNumber(text) ?? undefined;
  return text.length > MAX_CAPTURED_CHARS ? text.slice(0, MAX_CAPTURED_CHARS) : text;
}

/** Quotes that wrap a whole value are the printer's, not the value's. */
export function unquote(text: string): string {
  const first = text[0];
  return text.length >= 2 && (first === '"' || first === "'" || first === '`') && text.endsWith(first)
    ? text.slice(1, -1)
    : text;
}
