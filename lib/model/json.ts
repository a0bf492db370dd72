/**
 * Canonical JSON: keys sorted by UTF-16 code unit at every level (RFC 8785's order), no white space, integers above
 * 2^53 and lone surrogates as strings that survive a round trip, `undefined` left out. Equal values give equal text.
 * Nesting is followed to `maxDepth`; what lies deeper is kept as its JSON text, so no input can exhaust the stack.
 */
export function canonicalJson(value: unknown, maxDepth = 64): string {
  return write(value, maxDepth);
}

/** No character that JSON escapes, and no surrogate: such a text only needs its quotes. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** JSON of a text; a lone surrogate becomes U+FFFD. */
const quoted = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());

const MAX_KNOWN_KEYS = 2_048;
const MAX_KNOWN_KEY_CHARS = 64;
const knownKeys = new Map<string, string>();

/** A key as JSON with its colon. Most are of a few hundred names, which come with every event. */
function quotedKey(key: string): string {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const made = `${PLAIN.test(key) ? `"${key}"` : JSON.stringify(key)}:`;
  if (key.length <= MAX_KNOWN_KEY_CHARS && knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, made);
  return made;
}

function write(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      if (!Number.isFinite(value)) return 'null';
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? `"${value}"` : `${value}`;
    case 'bigint':
      return `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      break;
    default:
      return 'null';
  }
  if (depth <= 0) return '"…"';
  if (Array.isArray(value)) return writeArray(value, depth);
  const source = value as Record<string, unknown>;
  let out = '';
  for (const key of sortedKeys(source)) {
    const member = source[key];
    if (member === undefined) continue;
    out += `${out === '' ? '{' : ','}${quotedKey(key)}${write(member, depth - 1)}`;
  }
  return out === '' ? '{}' : `${out}}`;
}

function writeArray(items: unknown[], depth: number): string {
  let out = '[';
  for (let i = 0; i < items.length; i++) out += `${i === 0 ? '' : ','}${write(items[i], depth - 1)}`;
  return `${out}]`;
}

const FEW_KEYS = 24;

/** Keys by UTF-16 code unit. Few of them, mostly in order, are sorted in place: a call of sort costs more than the rest. */
function sortedKeys(source: Record<string, unknown>): string[] {
  const keys = Object.keys(source);
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!;
    let at = i;
    for (; at > 0 && keys[at - 1]! > key; at--) keys[at] = keys[at - 1]!;
    keys[at] = key;
  }
  return keys;
}
