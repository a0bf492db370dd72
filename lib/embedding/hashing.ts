/**
 * Feature hashing (Weinberger et al., 2009): a text becomes a vector of {@link DIMENSIONS} numbers without a model. Words,
 * pairs of neighbouring words and pieces of words are hashed to a place and a sign; counts enter as 1 + ln(count), and
 * the vector has length 1. Equal texts give equal vectors on every machine: change anything here, and the name of the
 * model ({@link HASHED_MODEL}) must change with it, because vectors of two versions may not share a collection.
 */
export const DIMENSIONS = 384;
export const HASHED_MODEL = 'hashed-384-v1';

const MAX_WORDS = 1_024;
const WORD_WEIGHT = 1;
const PAIR_WEIGHT = 0.4;
/** Shared by all pieces of one word, so that a long word does not outweigh a short one. */
const PIECES_WEIGHT = 0.6;
const STOP_WEIGHT = 0.15;
const PIECE_LENGTH = 3;

/** Frequent English words, and the property names and levels that nearly every event carries. */
const STOP_WORDS = new Set(
  (
    'a an the this that these those i you he she it we they me him her us them my your his its our their and or but ' +
    'if then else of to in on at by for from with as into about is are was were be been being am do does did have ' +
    'has had will would can could should may might must not no so than too very just there here what which who when ' +
    'where how all any each some such only own same s t ' +
    'message level info debug warn warning lib logger ms'
  ).split(' '),
);

/** The vector of one text, length 1; of a text without a word, the zero vector. Six decimals. */
export function hashEmbed(text: string): number[] {
  const vector = new Float64Array(DIMENSIONS);
  for (const [hash, feature] of features(text)) {
    const sign = hash & 1 ? 1 : -1;
    vector[(hash >>> 1) % DIMENSIONS]! += sign * feature.weight * (1 + Math.log(feature.count));
  }
  return normalised(vector);
}

interface Feature {
  weight: number;
  count: number;
}

function features(text: string): Map<number, Feature> {
  const found = new Map<number, Feature>();
  const add = (hash: number, weight: number) => {
    const known = found.get(hash);
    if (known) known.count++;
    else found.set(hash, { weight, count: 1 });
  };
  let before: { hash: number; stop: boolean } | null = null;
  for (const word of words(text)) {
    const stop = STOP_WORDS.has(word);
    const stem = stop ? word : stemmed(word);
    const hash = hashOf(stem, 0, stem.length, 1);
    add(hash, stop ? STOP_WEIGHT : WORD_WEIGHT);
    if (before !== null) {
      const light = stop || before.stop;
      add(mix(Math.imul(before.hash, 31) ^ hash), light ? PAIR_WEIGHT * STOP_WEIGHT : PAIR_WEIGHT);
    }
    if (!stop) addPieces(stem, add);
    before = { hash, stop };
  }
  return found;
}

function addPieces(stem: string, add: (hash: number, weight: number) => void): void {
  const bounded = `^${stem}$`;
  const count = bounded.length - PIECE_LENGTH + 1;
  const weight = PIECES_WEIGHT / Math.sqrt(count);
  for (let at = 0; at < count; at++) add(hashOf(bounded, at, at + PIECE_LENGTH, 2), weight);
}

/** Lower-case words; `toolName`, `tool_name` and `tool-name` are two words each. */
function words(text: string): string[] {
  const apart = text.normalize('NFKC').replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2');
  return (apart.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MAX_WORDS);
}

/** English endings off, as far as three letters remain: searches, searched, searching → search. */
function stemmed(word: string): string {
  if (word.length < 5) return word.length === 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.endsWith('sses')) return word.slice(0, -2);
  const ending = /(?:ingly|edly|ings|ing|ed|ly|(?<=ch|sh|x|z)es|(?<!s)s)$/.exec(word);
  if (!ending || ending.index < 3) return word;
  const stem = word.slice(0, ending.index);
  return /([bdgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem;
}

/** FNV-1a over UTF-16 code units, then murmur3's finalizer: FNV's low bits alone are poor. */
function hashOf(text: string, from: number, to: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** `vector` at length 1, at six decimals: what travels as JSON stays short, and a cosine moves by less than 1e-5. */
export function normalised(vector: ArrayLike<number>): number[] {
  let squares = 0;
  for (let at = 0; at < vector.length; at++) squares += vector[at]! * vector[at]!;
  const scale = squares > 0 ? 1e6 / Math.sqrt(squares) : 0;
  const result = new Array<number>(vector.length);
  for (let at = 0; at < vector.length; at++) result[at] = Math.round(vector[at]! * scale) / 1e6 || 0;
  return result;
}
