const LONG_NUMBER = /\d{16}/;
const STRING_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE]|\s*:)/gs;

/**
 * JSON.parse that keeps integers beyond 2^53 as strings of their digits instead of rounding them (agents print 64-bit
 * ids). @throws SyntaxError as JSON.parse does.
 */
export function parseJsonText(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const kept = text.replace(STRING_OR_LONG_INTEGER, (token) =>
    token[0] === '"' || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
  );
  try {
    return JSON.parse(kept);
  } catch {
    // Quoting may have hidden or made the fault (a number in place of a key): the original decides and is named.
    return JSON.parse(text);
  }
}
