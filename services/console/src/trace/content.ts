import type { EventOut } from '../api/types.js';
import { countText, plainText } from '../parts/format.js';

/** One thing that an event says. `isPayload`: what machines exchange, not prose. */
export interface Part {
  label: string;
  text: string;
  isPayload: boolean;
}

const PARTS: readonly [property: string, label: string, isPayload: boolean][] = [
  ['reasoning', 'thought', false],
  ['decision', 'decided', false],
  ['query_text', 'asked', false],
  ['tool_input', 'input', true],
  ['tool_output', 'output', true],
  ['error_message', 'error', false],
  ['output', 'answer', false],
];

const NAMES = ['tool_name', 'model', 'chain_type', 'api_name', 'error_type', 'platform_event'];

const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * What an event is about: a name, what was thought, asked, answered or went wrong, and its tokens. The line as it was logged
 * stands for events that say none of it.
 */
export function contentOf({ properties }: Pick<EventOut, 'properties'>): {
  name: string;
  parts: Part[];
  tokens: string | null;
} {
  const p = properties as Record<string, unknown>;
  const name = textOf(NAMES.map((property) => p[property]).find((value) => textOf(value) !== ''));
  const parts = PARTS.flatMap(([property, label, isPayload]) => {
    const text = textOf(p[property]);
    return text ? [{ label, text, isPayload }] : [];
  });
  const message = plainText(textOf(p.message));
  const isTold =
    parts.length > 0 || (name !== '' && message.includes(name) && message.length < name.length + 40);
  if (message && !isTold) parts.push({ label: 'line', text: message, isPayload: true });
  return { name, parts, tokens: tokensText(p) };
}

function tokensText(p: Record<string, unknown>): string | null {
  const { prompt_tokens: read, completion_tokens: written, total_tokens: total } = p;
  if (typeof read === 'number' && typeof written === 'number')
    return `${countText(read)} in, ${countText(written)} out`;
  return typeof total === 'number' ? `${countText(total)} tokens` : null;
}
