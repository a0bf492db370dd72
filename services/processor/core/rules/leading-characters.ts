import { type AST, RegExpParser } from '@eslint-community/regexpp';
import { addClass, addSet, BEYOND_ASCII, type Codes } from './first-characters.js';

/** Stands for the end of the text. */
export const END_OF_TEXT = BEYOND_ASCII + 1;
/** Rows of characters: ASCII, all others, the end. */
export const CHARACTER_ROWS = END_OF_TEXT + 1;
const MOST_POSITIONS = 30;

/**
 * Which characters may stand at each of the first positions of a text that a sticky pattern matches there: per position a flag for each
 * of {@link CHARACTER_ROWS}. Never too few, so that a text with another character need not be tried. The pattern has no flags but `y`.
 */
export function leadingCharacters(source: string, positions: number): Uint8Array[] {
  if (positions > MOST_POSITIONS) throw new RangeError(`at most ${MOST_POSITIONS} positions`);
  const { alternatives } = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(source);
  const walk = new Walk(positions);
  const ends = walk.alternatives(alternatives, 1);
  walk.anything(ends, true);
  return walk.allowed;
}

/** Follows a pattern from sets of positions to sets of positions: bit n is position n, the last one all that lie behind. */
class Walk {
  readonly allowed: Uint8Array[];
  private readonly behind: number;

  constructor(private readonly positions: number) {
    this.allowed = Array.from({ length: positions }, () => new Uint8Array(CHARACTER_ROWS));
    this.behind = 1 << positions;
  }

  /** Anything may come from the first of these positions on. */
  anything(from: number, isEnd: boolean): number {
    const first = from === 0 ? this.positions : 31 - Math.clz32(from & -from);
    for (let at = first; at < this.positions; at++)
      this.allowed[at]!.fill(1, 0, isEnd ? CHARACTER_ROWS : END_OF_TEXT);
    return from === 0 ? 0 : ((this.behind << 1) - 1) & ~((1 << first) - 1);
  }

  alternatives(alternatives: readonly AST.Alternative[], from: number): number {
    let ends = 0;
    for (const { elements } of alternatives) {
      let at = from;
      for (const element of elements) at = this.element(element, at);
      ends |= at;
    }
    return ends;
  }

  private element(element: AST.Element, from: number): number {
    switch (element.type) {
      case 'Character':
        return this.one(new Set([Math.min(element.value, BEYOND_ASCII)]), from);
      case 'CharacterSet':
      case 'CharacterClass': {
        const codes: Codes = new Set();
        const isKnown =
          (element.type === 'CharacterSet' ? addSet(element, codes) : addClass(element, codes)) === 'ends';
        return this.one(isKnown ? codes : null, from);
      }
      case 'Group':
      case 'CapturingGroup':
        return this.alternatives(element.alternatives, from);
      case 'Quantifier':
        return this.quantifier(element, from);
      case 'Assertion':
        // it takes nothing; what it forbids is left in
        return from;
      default:
        return this.anything(from, true);
    }
  }

  private quantifier({ element, min, max }: AST.Quantifier, from: number): number {
    let reached = min === 0 ? from : 0;
    let at = from;
    const times = Math.min(max, this.positions + 1);
    for (let time = 1; time <= Math.max(times, Math.min(min, times)) && at !== 0; time++) {
      at = this.element(element, at);
      if (time >= Math.min(min, times)) reached |= at;
    }
    return reached;
  }

  /** One character of these, of any where they are null. */
  private one(codes: Codes | null, from: number): number {
    for (let at = 0; at < this.positions; at++) {
      if ((from & (1 << at)) === 0) continue;
      if (codes === null) this.allowed[at]!.fill(1, 0, END_OF_TEXT);
      else for (const code of codes) this.allowed[at]![code] = 1;
    }
    return ((from << 1) | (from & this.behind)) & ((this.behind << 1) - 1);
  }
}
