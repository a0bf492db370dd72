import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** How far into a text a pattern came that does not match it. */
export interface PatternProgress {
  /** What its beginning matched. */
  matched: string;
  /** Where in the text it went no further, characters. */
  at: number;
  /** The part of the pattern that found nothing there, as written. */
  expected: string;
  /** Literal characters of the pattern that were found, of all that it has. */
  literals: { found: number; all: number };
}

/**
 * The longest beginning of a pattern that matches somewhere in the text, by trying beginnings of the alternative that comes
 * furthest; null where not even its first part does. Exact for sequences; within a repetition or an alternation it tells no
 * more than that the whole of it failed. For explaining, not for hot paths.
 */
export function patternProgress(pattern: RegExp, text: string): PatternProgress | null {
  const flags = pattern.flags.replace(/[gy]/g, '');
  const ast = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(pattern.source, 0, pattern.source.length, {
    unicode: flags.includes('u'),
  });
  const refersBack = /\\[k1-9]/.test(pattern.source);
  let best: PatternProgress | null = null;
  for (const alternative of ast.alternatives) {
    const elements = refersBack ? alternative.elements : flatten(alternative.elements);
    const found = furthest(elements, flags, text);
    if (found !== null && (best === null || found.literals.found > best.literals.found)) best = found;
  }
  return best;
}

function furthest(elements: AST.Element[], flags: string, text: string): PatternProgress | null {
  let match: RegExpExecArray | null = null;
  let count = 0;
  // a longer beginning can match only where the shorter one does
  for (let low = 1, high = elements.length - 1; low <= high; ) {
    const middle = (low + high) >> 1;
    const tried = new RegExp(sourceOf(elements.slice(0, middle)), flags).exec(text);
    if (tried) {
      match = tried;
      count = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  if (match === null || match[0] === '') return null;
  return {
    matched: match[0],
    at: match.index + match[0].length,
    expected: literalRun(elements, count),
    literals: { found: literalCount(elements.slice(0, count)), all: literalCount(elements) },
  };
}

/** A group of one alternative is a sequence: its parts fail one by one. */
const flatten = (elements: AST.Element[]): AST.Element[] =>
  elements.flatMap((element) =>
    (element.type === 'Group' || element.type === 'CapturingGroup') && element.alternatives.length === 1
      ? flatten(element.alternatives[0]!.elements)
      : [element],
  );

const sourceOf = (elements: AST.Element[]): string => elements.map(({ raw }) => raw).join('');

/** The element at `from`, with the characters after it where it is one. */
function literalRun(elements: AST.Element[], from: number): string {
  let end = from + 1;
  if (elements[from]!.type === 'Character')
    while (end < elements.length && elements[end]!.type === 'Character') end++;
  return sourceOf(elements.slice(from, end));
}

function literalCount(elements: AST.Element[]): number {
  let count = 0;
  for (const element of elements) {
    if (element.type === 'Character') count++;
    else if (element.type === 'Quantifier' && element.min > 0) count += literalCount([element.element]);
    else if (element.type === 'Group' || element.type === 'CapturingGroup')
      count += Math.min(...element.alternatives.map(({ elements: inner }) => literalCount(inner)));
  }
  return count;
}
