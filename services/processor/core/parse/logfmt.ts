/** `key=value`, the value bare or quoted. Linear: the alternatives begin with different characters. */
const PAIR =
  /(?:^|[\s,;([{|])([A-Za-z_][\w.-]{0,63})=(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s,;"'()[\]{}|]+))/g;
const MAX_PAIRS = 48;
const MAX_CHARS = 16_384;

/** The `key=value` pairs of a line as an object without prototype, with their number. A later key of the same name wins. */
export function readPairs(text: string): {
  pairs: Record<string, string>;
  count: number;
  /** Characters that are pairs. */
  covered: number;
  isWhole: boolean;
} {
  const pairs: Record<string, string> = Object.create(null);
  const within = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  let count = 0;
  let covered = 0;
  let first = -1;
  for (const match of within.matchAll(PAIR)) {
    pairs[match[1]!] = match[2] === undefined ? (match[3] ?? match[4] ?? '') : unescapeQuoted(match[2]);
    covered += match[0].length;
    if (first < 0) first = match.index;
    if (++count >= MAX_PAIRS) break;
  }
  return { pairs, count, covered, isWhole: count >= 2 && first === 0 && covered >= within.length * 0.9 };
}

/** Names under which loggers of pairs put a record's text. */
const MESSAGE = /(?:^|\s)(?:msg|message)=("(?:[^"\\]|\\.)*"|[^\s"]+)/;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/g;
const LETTERS: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

/**
 * A record of pairs that has a text, `level=info msg="…" agent=desk`: the text as it was printed, and the other pairs; null for any
 * other line.
 */
export function readLogfmt(line: string): { message: string; pairs: Record<string, string> } | null {
  const found = MESSAGE.exec(line);
  if (found === null) return null;
  const head = line.slice(0, found.index);
  const tail = line.slice(found.index + found[0].length);
  const before = readPairs(head);
  const after = readPairs(tail);
  // words around the pairs: a message that happens to hold one of that name
  if (!isAllPairs(head, before.covered) || !isAllPairs(tail, after.covered)) return null;
  const value = found[1]!;
  const message = value.startsWith('"') ? unescapeQuoted(value.slice(1, -1)) : value;
  return { message, pairs: Object.assign(before.pairs, after.pairs) };
}

const isAllPairs = (text: string, covered: number): boolean => covered >= text.trim().length * 0.9;

/** A quoted value as it was before its logger quoted it. */
const unescapeQuoted = (quoted: string): string =>
  quoted.includes('\\')
    ? quoted.replace(ESCAPE, (_, wide?: string, narrow?: string, letter?: string) =>
        letter === undefined
          ? String.fromCharCode(Number.parseInt((wide ?? narrow)!, 16))
          : (LETTERS[letter] ?? letter),
      )
    : quoted;
