import type { AST } from '@eslint-community/regexpp';

/** Stands for every character beyond ASCII. */
export const BEYOND_ASCII = 128;

export type Codes = Set<number>;

/**
 * Codes of the characters that a match of an anchored pattern may begin with, {@link BEYOND_ASCII} for all others; null where it is
 * not anchored, may be empty, or begins with something that this does not follow. Never too few.
 */
export function firstCharacters(pattern: AST.Pattern, flags: string): number[] | null {
  if (flags.includes('m')) return null;
  const first: Codes = new Set();
  for (const { elements } of pattern.alternatives) {
    const [anchor, ...rest] = elements;
    if (anchor?.type !== 'Assertion' || anchor.kind !== 'start') return null;
    if (addSequence(rest, first) !== 'ends') return null;
  }
  if (flags.includes('i')) for (const code of [...first]) addBothCases(code, first);
  return [...first];
}

/** `passes`: it may match nothing, so that what follows counts too; `unknown`: anything may come. */
type Outcome = 'ends' | 'passes' | 'unknown';

function addSequence(elements: readonly AST.Element[], first: Codes): Outcome {
  for (const element of elements) {
    const outcome = addElement(element, first);
    if (outcome !== 'passes') return outcome;
  }
  return 'passes';
}

function addElement(element: AST.Element, first: Codes): Outcome {
  switch (element.type) {
    case 'Character':
      addRange(element.value, element.value, first);
      return 'ends';
    case 'CharacterSet':
      return addSet(element, first);
    case 'CharacterClass':
      return addClass(element, first);
    case 'Group':
    case 'CapturingGroup':
      return addAlternatives(element.alternatives, first);
    case 'Quantifier': {
      if (element.max === 0) return 'passes';
      const outcome = addElement(element.element, first);
      return outcome === 'ends' && element.min === 0 ? 'passes' : outcome;
    }
    case 'Assertion':
      // it takes nothing; what it forbids is left in
      return 'passes';
    default:
      return 'unknown';
  }
}

function addAlternatives(alternatives: readonly AST.Alternative[], first: Codes): Outcome {
  let outcome: Outcome = 'ends';
  for (const { elements } of alternatives) {
    const one = addSequence(elements, first);
    if (one === 'unknown') return one;
    if (one === 'passes') outcome = 'passes';
  }
  return outcome;
}

const SETS: Record<string, RegExp> = { digit: /\d/, space: /\s/, word: /\w/ };

/** Adds the codes of the characters that a set stands for. */
export function addSet(set: AST.CharacterSet, first: Codes): Outcome {
  const pattern = SETS[set.kind];
  if (pattern === undefined) return 'unknown';
  const { negate } = set as AST.EscapeCharacterSet;
  for (let code = 0; code < BEYOND_ASCII; code++)
    if (pattern.test(String.fromCharCode(code)) !== negate) first.add(code);
  if (negate || set.kind === 'space') first.add(BEYOND_ASCII);
  return 'ends';
}

/** Adds the codes of the characters that a class stands for. */
export function addClass({ negate, elements }: AST.CharacterClass, first: Codes): Outcome {
  const named: Codes = new Set();
  for (const element of elements) {
    if (element.type === 'Character') addRange(element.value, element.value, named);
    else if (element.type === 'CharacterClassRange') addRange(element.min.value, element.max.value, named);
    else if (element.type !== 'CharacterSet' || addSet(element, named) !== 'ends') return 'unknown';
  }
  if (!negate) for (const code of named) first.add(code);
  else {
    for (let code = 0; code < BEYOND_ASCII; code++) if (!named.has(code)) first.add(code);
    first.add(BEYOND_ASCII);
  }
  return 'ends';
}

function addRange(from: number, to: number, codes: Codes): void {
  for (let code = from; code <= to && code < BEYOND_ASCII; code++) codes.add(code);
  if (to >= BEYOND_ASCII) codes.add(BEYOND_ASCII);
}

function addBothCases(code: number, codes: Codes): void {
  if (code >= BEYOND_ASCII) return;
  const character = String.fromCharCode(code);
  codes.add(character.toLowerCase().charCodeAt(0));
  codes.add(character.toUpperCase().charCodeAt(0));
}
