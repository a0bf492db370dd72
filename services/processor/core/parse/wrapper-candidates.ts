import { BEYOND_ASCII } from '../rules/first-characters.js';
import { CHARACTER_ROWS, END_OF_TEXT, leadingCharacters } from '../rules/leading-characters.js';
import type { WrapperFormat } from './wrapper-table.js';

/** A date with its time has 19 characters; the next one tells most formats apart. */
const POSITIONS = 21;
const WORD_BITS = 32;

/** Called on strings of many kinds (sliced, joined, interned), a method is looked up anew at each call; this one is not. */
const { charCodeAt } = String.prototype;

/**
 * The formats that may stand at a place of a line, by its characters from there: one step per character leaves out those that
 * allow another one, and most lines have none left after two or three. Invariant: what is left out does not match.
 */
export class WrapperCandidates {
  /** By position and character, a bit for each format that allows it: two words, the formats in their order. */
  private readonly allowed: Int32Array;
  private low = 0;
  private high = 0;

  constructor(private readonly formats: readonly WrapperFormat[]) {
    if (formats.length > 2 * WORD_BITS) throw new RangeError('more formats than bits');
    this.allowed = new Int32Array(POSITIONS * CHARACTER_ROWS * 2);
    formats.forEach(({ pattern, first }, format) => {
      leadingCharacters(pattern.source, POSITIONS).forEach((characters, position) => {
        for (let code = 0; code < CHARACTER_ROWS; code++) {
          if (characters[code] === 0 || (position === 0 && !isInClass(first, code))) continue;
          const word = (position * CHARACTER_ROWS + code) * 2 + (format >> 5);
          this.allowed[word]! |= 1 << (format & 31);
        }
      });
    });
  }

  /** Turns to a place of a text; what has not been asked for at the place before is dropped. */
  turnTo(text: string, at: number): void {
    const { allowed } = this;
    let low = -1;
    let high = -1;
    for (let position = 0; position < POSITIONS; position++) {
      const code = charCodeAt.call(text, at + position);
      // no code is NaN, behind the end
      const row = code < BEYOND_ASCII ? code : code >= BEYOND_ASCII ? BEYOND_ASCII : END_OF_TEXT;
      const word = (position * CHARACTER_ROWS + row) * 2;
      low &= allowed[word]!;
      high &= allowed[word + 1]!;
      if ((low | high) === 0) break;
    }
    this.low = low;
    this.high = high;
  }

  /** The next format that may match, in the order of the table; null when there is none left. */
  next(): WrapperFormat | null {
    const { low, high } = this;
    if (low !== 0) {
      this.low = low & (low - 1);
      return this.formats[lowestBit(low)]!;
    }
    if (high === 0) return null;
    this.high = high & (high - 1);
    return this.formats[WORD_BITS + lowestBit(high)]!;
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** Whether a character is of the classes that a format may begin with: d digit, u upper-case, l lower-case letter, or itself. */
function isInClass(first: string, code: number): boolean {
  for (const one of first) {
    if (one === 'd') {
      if (code >= 48 && code <= 57) return true;
    } else if (one === 'u') {
      if (code >= 65 && code <= 90) return true;
    } else if (one === 'l') {
      if (code >= 97 && code <= 122) return true;
    } else if (code === one.charCodeAt(0)) return true;
  }
  return false;
}
