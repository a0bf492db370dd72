/**
 * Reads an object as Python prints it: `{'tool': 'tides', 'ok': True, 'ids': (1, None)}`. Literals, and the constructors of plain
 * values that SDKs decode into (`datetime.datetime(…)`), which are kept as they are written; any other call or name in it
 * (`AIMessage(…)`) makes it no data, and null is returned. Linear: every character is looked at once.
 */
const MAX_CHARS = 262_144;
const MAX_DEPTH = 64;
const NAMES: Record<string, unknown> = { True: true, False: false, None: null };
/** Calls that stand for one value, which has no text of its own in JSON either. */
const VALUES = new Set(['datetime.datetime', 'datetime.date', 'Decimal', 'UUID', 'ObjectId']);
const MAX_CALL_CHARS = 256;
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', b: '\b', f: '\f', v: '\v' };

/** Thrown inside only: what follows is no literal. */
const NO_LITERAL = Symbol('no literal');

/** The object that the whole text is, or null. */
export function readPythonObject(text: string): Record<string, unknown> | null {
  if (text.length > MAX_CHARS || text.charCodeAt(0) !== 123) return null;
  const reader = new Reader(text);
  try {
    const value = reader.value(0);
    return reader.isAtEnd() && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch (error) {
    if (error === NO_LITERAL) return null;
    throw error;
  }
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  isAtEnd(): boolean {
    return this.blank() === '';
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw NO_LITERAL;
    const first = this.blank();
    if (first === '{') return this.object(depth);
    if (first === '[') return this.list(']', depth);
    if (first === '(') return this.list(')', depth);
    if (first === "'" || first === '"') return this.quoted(first);
    return this.bare();
  }

  /** Skips white space; the character that follows, '' at the end. */
  private blank(): string {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 32) this.at++;
    return this.text[this.at] ?? '';
  }

  private object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = Object.create(null);
    this.at++;
    while (this.blank() !== '}') {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw NO_LITERAL;
      if (this.blank() !== ':') throw NO_LITERAL;
      this.at++;
      object[String(key)] = this.value(depth + 1);
      this.comma('}');
    }
    this.at++;
    return object;
  }

  private list(close: string, depth: number): unknown[] {
    const list: unknown[] = [];
    this.at++;
    while (this.blank() !== close) {
      list.push(this.value(depth + 1));
      this.comma(close);
    }
    this.at++;
    return list;
  }

  private comma(close: string): void {
    const next = this.blank();
    if (next === ',') this.at++;
    else if (next !== close) throw NO_LITERAL;
  }

  private quoted(quote: string): string {
    let read = '';
    let start = ++this.at;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (char === quote) {
        read += this.text.slice(start, this.at++);
        return read;
      }
      if (char !== '\\') continue;
      const escaped = this.text[this.at + 1] ?? '';
      read += this.text.slice(start, this.at) + (ESCAPES[escaped] ?? escaped);
      this.at++;
      start = this.at + 1;
    }
    throw NO_LITERAL;
  }

  private bare(): unknown {
    const match = /[+\-\w.]{1,64}/y;
    match.lastIndex = this.at;
    const word = match.exec(this.text)?.[0];
    if (word === undefined) throw NO_LITERAL;
    const start = this.at;
    this.at += word.length;
    if (VALUES.has(word)) return this.call(start);
    if (Object.hasOwn(NAMES, word)) return NAMES[word];
    const number = /^[+-]?\d/.test(word) ? Number(word) : Number.NaN;
    if (Number.isNaN(number)) throw NO_LITERAL;
    return number;
  }

  /** The call that began at `start`, as it is written, up to the parenthesis that closes it. */
  private call(start: number): string {
    let depth = 0;
    for (; this.at < this.text.length && this.at - start < MAX_CALL_CHARS; this.at++) {
      const char = this.text[this.at];
      if (char === '(') depth++;
      else if (char === ')' && --depth === 0) return this.text.slice(start, ++this.at);
      else if (depth === 0) break;
    }
    throw NO_LITERAL;
  }
}
