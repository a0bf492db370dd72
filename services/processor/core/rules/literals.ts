import { type AST, RegExpParser } from '@eslint-community/regexpp';
import { firstCharacters } from './first-characters.js';

/**
 * What every match of a pattern must contain, so that most rules are passed over by one `includes`. `any`: at least one
 * of these occurs in the text; `starts`: the text begins with one of them (set only for patterns anchored by `^`); `firsts`: codes of
 * the characters that it may begin with, as {@link firstCharacters} says.
 */
export interface RequiredLiterals {
  any: string[] | null;
  starts: string[] | null;
  firsts: number[] | null;
}

const LEAST_LENGTH = 3;
const MOST_ALTERNATIVES = 16;

/** Finds them from the pattern's syntax tree. @throws SyntaxError where the pattern is not a regular expression. */
export function requiredLiterals(source: string, flags: string): RequiredLiterals {
  const pattern = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
  });
  const firsts = firstCharacters(pattern, flags);
  if (flags.includes('i')) return { any: null, starts: null, firsts };
  const any = anyOf(pattern.alternatives);
  const starts = flags.includes('m') ? [null] : pattern.alternatives.map(startOf);
  return {
    any,
    firsts,
    starts:
      starts.every((texts): texts is string[] => texts !== null) && starts.flat().length <= MOST_ALTERNATIVES
        ? starts.flat()
        : null,
  };
}

function anyOf(alternatives: AST.Alternative[]): string[] | null {
  const found: string[] = [];
  for (const alternative of alternatives) {
    const best = bestOf(alternative.elements);
    if (best === null) return null;
    found.push(...best);
  }
  return found.length <= MOST_ALTERNATIVES ? found : null;
}

/** The best required literals of a sequence: the set whose shortest member is longest. */
function bestOf(elements: AST.Element[]): string[] | null {
  let best: string[] | null = null;
  let run = '';
  const consider = (candidate: string[] | null) => {
    if (candidate === null || shortest(candidate) < LEAST_LENGTH) return;
    if (best === null || shortest(candidate) > shortest(best)) best = candidate;
  };
  for (const element of elements) {
    if (element.type === 'Character') {
      run += String.fromCodePoint(element.value);
      continue;
    }
    consider([run]);
    run = '';
    if (element.type === 'Group' || element.type === 'CapturingGroup') consider(anyOf(element.alternatives));
    else if (element.type === 'Quantifier' && element.min > 0) consider(bestOf([element.element]));
  }
  consider([run]);
  return best;
}

const shortest = (texts: string[]) => Math.min(...texts.map((text) => text.length));

/** Texts one of which must stand at the start, or null where the alternative is not anchored or begins with a class. */
function startOf(alternative: AST.Alternative): string[] | null {
  const [first, ...rest] = alternative.elements;
  if (first?.type !== 'Assertion' || first.kind !== 'start') return null;
  const starts = prefixesOf(rest);
  return starts.length > 0 && starts.every((text) => text.length > 0) ? starts : null;
}

function prefixesOf(elements: AST.Element[]): string[] {
  let prefixes = [''];
  for (const element of elements) {
    if (element.type === 'Character') {
      const character = String.fromCodePoint(element.value);
      prefixes = prefixes.map((prefix) => prefix + character);
    } else if (element.type === 'Group' || element.type === 'CapturingGroup') {
      const inner = element.alternatives.flatMap((alternative) => prefixesOf(alternative.elements));
      // what follows a group is known only where each alternative is literal to its end: stop here, a shorter prefix is right too
      return prefixes.flatMap((prefix) => inner.map((text) => prefix + text)).slice(0, MOST_ALTERNATIVES * 4);
    } else return prefixes;
  }
  return prefixes;
}
