/**
 * What a line speaks about: hashes of the tokens that name single things (order numbers, call ids, amounts) and, weaker, of names
 * in capitals. Lines of one run speak about the same things.
 */

/** Hashes of 30 bits, doubled; odd ones are names. */
export type Salient = number;

const MAX_CHARS = 320;
const MAX_TOKENS = 12;
const MIN_ID_CHARS = 4;
const MIN_NUMBER_CHARS = 5;
const MIN_NAME_CHARS = 4;
const MAX_TOKEN_CHARS = 64;

export const isName = (token: Salient): boolean => (token & 1) === 1;

enum Char {
  Other = 0,
  Lower = 1,
  Upper = 2,
  Digit = 3,
  Joiner = 4,
}

const kinds = new Uint8Array(128);
for (let c = 97; c <= 122; c++) kinds[c] = Char.Lower;
for (let c = 65; c <= 90; c++) kinds[c] = Char.Upper;
for (let c = 48; c <= 57; c++) kinds[c] = Char.Digit;
for (const c of '_-.') kinds[c.charCodeAt(0)] = Char.Joiner;

/** Called on strings of many kinds (sliced, joined, interned), a method is looked up anew at each call; this one is not. */
const { charCodeAt } = String.prototype;

/** The salient tokens at the beginning of a text, each once. */
export function salientOf(text: string): Salient[] {
  const found: Salient[] = [];
  const { length: chars } = text;
  const end = Math.min(chars, MAX_CHARS);
  let at = 0;
  while (at < end && found.length < MAX_TOKENS) {
    const first = kindAt(text, at);
    if (first === Char.Other || first === Char.Joiner) {
      at++;
      continue;
    }
    const start = at;
    let digits = 0;
    let letters = 0;
    let hash = 0;
    const most = Math.min(chars, start + MAX_TOKEN_CHARS);
    for (; at < most; at++) {
      const code = charCodeAt.call(text, at);
      const kind = code < 128 ? kinds[code]! : Char.Lower;
      if (kind === Char.Other) break;
      // a joiner at the end is punctuation
      if (kind === Char.Joiner && isEdge(text, at + 1)) break;
      if (kind === Char.Digit) digits++;
      else if (kind !== Char.Joiner) letters++;
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    const length = at - start;
    const token = (hash >>> 2) * 2;
    if (digits > 0) {
      const long = letters > 0 ? length >= MIN_ID_CHARS : length >= MIN_NUMBER_CHARS;
      if (long && !isDate(text, start)) add(found, token);
    } else if (start > 0 && length >= MIN_NAME_CHARS && first === Char.Upper && isCapitalised(text, start))
      add(found, token + 1);
    at++;
  }
  return found;
}

const kindAt = (text: string, at: number): number => {
  const code = charCodeAt.call(text, at);
  return code < 128 ? kinds[code]! : Char.Lower;
};

const isEdge = (text: string, at: number): boolean => {
  if (at >= text.length) return true;
  const kind = kindAt(text, at);
  return kind === Char.Other || kind === Char.Joiner;
};

const isCapitalised = (text: string, start: number): boolean => kindAt(text, start + 1) === Char.Lower;

/** `2026-03-02…` */
const isDate = (text: string, at: number): boolean =>
  text[at + 4] === '-' && text[at + 7] === '-' && (text.startsWith('20', at) || text.startsWith('19', at));

function add(found: Salient[], token: Salient): void {
  if (!found.includes(token)) found.push(token);
}

const MAX_KEPT = 24;

/** What a run has spoken about, the latest last, with one more line. */
export function remember(kept: Salient[], tokens: readonly Salient[]): void {
  for (const token of tokens) {
    const at = kept.indexOf(token);
    if (at >= 0) kept.splice(at, 1);
    kept.push(token);
  }
  if (kept.length > MAX_KEPT) kept.splice(0, kept.length - MAX_KEPT);
}

const WEIGHT = { firstThing: 2.5, moreThings: 1, mostThings: 5, name: 0.6, mostNames: 1.2 };

/** For each run, how much of a line it alone has spoken about, as log odds. */
export function sharedWith(tokens: readonly Salient[], runs: readonly { about: Salient[] }[]): number[] {
  const things = new Array<number>(runs.length).fill(0);
  if (runs.length < 2 || tokens.length === 0) return things;
  const names = new Array<number>(runs.length).fill(0);
  for (const token of tokens) {
    let only = -1;
    for (let i = 0; i < runs.length; i++) {
      if (!runs[i]!.about.includes(token)) continue;
      only = only < 0 ? i : -2;
      if (only === -2) break;
    }
    if (only < 0) continue;
    if (isName(token)) names[only] = Math.min(WEIGHT.mostNames, names[only]! + WEIGHT.name);
    else {
      const had = things[only]!;
      things[only] = Math.min(WEIGHT.mostThings, had + (had === 0 ? WEIGHT.firstThing : WEIGHT.moreThings));
    }
  }
  return things.map((thing, i) => thing + names[i]!);
}
