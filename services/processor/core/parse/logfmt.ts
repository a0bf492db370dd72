/** `key=value`, the value bare or quoted. Linear: the alternatives begin with different characters. */
const PAIR =
  /(?:^|[\s,;([{|])([A-Za-z_][\w.-]{0,63})=(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s,;"'()[\]{}|]+))/g;
const MAX_PAIRS = 48;
const MAX_CHARS = 16_384;

/** The `key=value` pairs of a line as an object without prototype, with their number. A later key of the same name wins. */
export function readPairs(text: string): { pairs: Record<string, unknown>; count: number; isWhole: boolean } {
  const pairs: Record<string, unknown> = Object.create(null);
  const within = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  let count = 0;
  let covered = 0;
  for (const match of within.matchAll(PAIR)) {
    pairs[match[1]!] = match[2] ?? match[3] ?? match[4] ?? '';
    covered += match[0].length;
    if (++count >= MAX_PAIRS) break;
  }
  return { pairs, count, isWhole: count >= 2 && covered >= within.length * 0.9 };
}
