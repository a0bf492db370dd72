import { aboutEvent } from '../../../../lib/model/describe-event.js';
import type { MessageOut } from '../api/types.js';
import { plainText } from '../parts/format.js';
import { jsonIn } from '../parts/json-tree.js';

const MOST_CHARACTERS = 300;

/** What a message says, on one line: an event as lists show it, a log line as it was printed, else its JSON. */
export function previewOf({ value, key }: Pick<MessageOut, 'value' | 'key'>): string {
  if (value === null) return `removes ${key ?? 'what has no key'}`;
  return plainText(saidBy(withProperties(value))).slice(0, MOST_CHARACTERS);
}

function saidBy(value: unknown): string {
  if (typeof value === 'string') return value;
  const { event_type, properties, message } = value as Record<string, unknown>;
  if (typeof event_type === 'string' && properties !== null && typeof properties === 'object')
    return [
      event_type,
      ...aboutEvent({ event_type, properties: properties as Record<string, unknown> }),
    ].join(' · ');
  return typeof message === 'string' ? message : JSON.stringify(value);
}

/** `properties` travel as JSON in a text: here they are what they hold. */
export function withProperties(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || !('properties' in value)) return value;
  const { properties } = value;
  return typeof properties === 'string' ? { ...value, properties: jsonIn(properties) ?? properties } : value;
}
