/**
 * Canonical JSON: keys sorted by UTF-16 code unit at every level (RFC 8785's order), no white space, integers above
 * 2^53 and lone surrogates as strings that survive a round trip, `undefined` left out. Equal values give equal text.
 * Nesting is followed to `maxDepth`; what lies deeper is kept as its JSON text, so no input can exhaust the stack.
 */
export function canonicalJson(value: unknown, maxDepth = 64): string {
  return write(value, maxDepth);
}

function write(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.isWellFormed?.() === false ? value.toWellFormed() : value);
    case 'number':
      if (!Number.isFinite(value)) return 'null';
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? JSON.stringify(String(value))
        : JSON.stringify(value);
    case 'bigint':
      return JSON.stringify(value.toString());
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      break;
    default:
      return 'null';
  }
  if (depth <= 0) return '"…"';
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth - 1)).join(',')}]`;
  const source = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(source).sort()) {
    if (source[key] !== undefined) parts.push(`${JSON.stringify(key)}:${write(source[key], depth - 1)}`);
  }
  return `{${parts.join(',')}}`;
}
