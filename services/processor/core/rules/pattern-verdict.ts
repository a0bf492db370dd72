import { createHash } from 'node:crypto';
import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';

/**
 * What is known of the time that a backtracking engine needs for a pattern. `linear`: proportional to the text, whatever its bounds.
 * `bounded`: only because quantifiers are bounded, so that a long text may take a large multiple. `superlinear`: more than that.
 * `unknown`: the check did not end in its time, or does not know what the pattern uses.
 */
export type Linearity = 'linear' | 'bounded' | 'superlinear' | 'unknown';

export interface PatternVerdict {
  linearity: Linearity;
  /** In words, for whoever wrote the pattern: `exponential`, `polynomial of degree 2`, `time-out`. */
  reason: string;
}

/** Says what a pattern costs; `source` and `flags` as JavaScript's. */
export type PatternCheck = (source: string, flags: string) => PatternVerdict;

/** Key under which a verdict is kept: the pattern decides and nothing else. */
export const verdictKey = (source: string, flags: string): string =>
  createHash('sha256').update(`${flags}/${source}`).digest('hex').slice(0, 16);

/** Choices that a quantifier may have without counting. */
const LARGE_BOUND = 4;
const LARGE_COUNT = 12;

const parse = (source: string, flags: string): AST.Pattern =>
  new RegExpParser({ ecmaVersion: 2024 }).parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
  });

/**
 * The pattern without the repetitions at its end: nothing comes after them that could fail, so they never go back, whatever they
 * match. `Thought: (.*)` costs what `Thought: ()` does.
 */
export function withoutTail(source: string, flags: string): string {
  const pattern = parse(source, flags);
  const [alternative, ...others] = pattern.alternatives;
  if (alternative === undefined || others.length > 0 || refersBack(pattern)) return source;
  let last = alternative.elements.at(-1);
  while ((last?.type === 'Group' || last?.type === 'CapturingGroup') && last.alternatives.length === 1) {
    const inner: AST.Element | undefined = last.alternatives[0]!.elements.at(-1);
    if (inner === undefined) break;
    last = inner;
  }
  if (last === undefined) return source;
  let least = '';
  if (last.type === 'Quantifier') {
    if (last.min > 1 || last.max === 1) return source;
    if (last.min === 1) least = last.element.raw;
  } else if (last.type !== 'Group' && last.type !== 'CapturingGroup') return source;
  else if (last.alternatives.length > 1) return source;
  return withoutTail(source.slice(0, last.start) + least + source.slice(last.end), flags);
}

function refersBack(pattern: AST.Pattern): boolean {
  let found = false;
  visitRegExpAST(pattern, {
    onBackreferenceEnter: () => {
      found = true;
    },
  });
  return found;
}

/**
 * The pattern with what it looks ahead for as something to be matched, and without its other look-around, which the check does not
 * know: what may go back before it is the same. The pattern itself where it has none.
 */
export function withoutLookaround(source: string, flags: string): string {
  const pattern = parse(source, flags);
  let outermost: AST.LookaroundAssertion | null = null;
  visitRegExpAST(pattern, {
    onAssertionEnter(assertion) {
      if (assertion.kind === 'lookahead' || assertion.kind === 'lookbehind') outermost ??= assertion;
    },
  });
  if (outermost === null) return source;
  const { kind, negate, start, end, raw } = outermost as AST.LookaroundAssertion;
  const instead = kind === 'lookahead' && !negate ? `(?:${raw.slice('(?='.length)}` : '(?:)';
  return withoutLookaround(source.slice(0, start) + instead + source.slice(end), flags);
}

/** Whether no quantifier has many choices, or an anchored pattern has one such outside every other: nothing to go back to. */
export function isEvidentlyLinear(source: string, flags: string): boolean {
  const pattern = parse(source, flags);
  let large = 0;
  let plain = true;
  visitRegExpAST(pattern, {
    onQuantifierEnter({ max, element }) {
      if (max <= LARGE_BOUND && element.type !== 'Group' && element.type !== 'CapturingGroup') return;
      if (max > LARGE_BOUND) large++;
      // what is repeated may hold choices of its own
      if (max > 1 && (element.type === 'Group' || element.type === 'CapturingGroup')) plain = false;
    },
  });
  if (!plain || refersBack(pattern)) return false;
  const anchored =
    !flags.includes('m') &&
    pattern.alternatives.every(
      ({ elements }) => elements[0]?.type === 'Assertion' && elements[0].kind === 'start',
    );
  return large === 0 || (anchored && large === 1);
}

/**
 * The pattern with its larger bounds taken away: whoever is linear then is so for every bound, and is checked in far less time,
 * because a bound of 8,192 need not be unrolled.
 */
export const withoutBounds = (source: string): string =>
  source.replace(/\\.|\{(\d+)(,(\d*))?\}/gs, (written, least?: string, range?: string, most?: string) => {
    if (least === undefined) return written;
    const count = Math.min(Number(least), LARGE_COUNT);
    if (range === undefined) return `{${count}}`;
    if (most === '') return `{${count},}`;
    return Number(most) > LARGE_BOUND ? `{${Math.min(count, LARGE_BOUND)},}` : written;
  });
