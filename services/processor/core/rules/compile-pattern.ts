import { linearMatcher, NotExpressible } from './linear-matcher.js';
import type { PatternCheck, PatternVerdict } from './pattern-verdict.js';
import { type Matcher, regExpMatcher } from './rule-matcher.js';

/** Which engine matches a pattern: JavaScript's, which backtracks, or one whose time is linear for every pattern. */
export type Engine = 'backtracking' | 'linear';

export interface CompiledPattern {
  /** As written, with named groups. */
  pattern: RegExp;
  matcher: Matcher;
  engine: Engine;
  verdict: PatternVerdict;
}

/** Takes every pattern for linear: for those that were checked elsewhere, and for tests. */
export const unchecked: PatternCheck = () => ({ linearity: 'linear', reason: 'not checked' });

/**
 * Python's and JavaScript's syntax to JavaScript's: `(?P<name>` and `(?P=name)` are translated, an inline `(?i)`, `(?s)` or
 * `(?m)` at the start becomes a flag, a leading `.*` is dropped because the search is unanchored anyway.
 */
export function translatePattern(written: string): { source: string; flags: string } {
  let flags = '';
  let source = written.replace(/^\(\?([ims]+)\)/, (_, inline: string) => {
    flags = inline;
    return '';
  });
  source = source.replaceAll('(?P<', '(?<').replace(/\(\?P=(\w+)\)/g, '\\k<$1>');
  source = source.replace(/^(?:\.\*\??)+(?=.)/, '');
  return { source, flags };
}

/**
 * A pattern with the engine that its check asks for; a fault's reason where the engine that it needs cannot express it.
 * @throws SyntaxError where it is no regular expression.
 */
export function compilePattern(written: string, check: PatternCheck): CompiledPattern | string {
  const { source, flags } = translatePattern(written);
  const pattern = new RegExp(source, flags);
  const verdict = check(source, flags);
  if (isTame(verdict))
    return { pattern, matcher: regExpMatcher(source, flags), engine: 'backtracking', verdict };
  const matcher = linearMatcher(source, flags);
  if (matcher instanceof NotExpressible) return refusal(verdict, matcher.reason);
  return { pattern, matcher, engine: 'linear', verdict };
}

/** A pattern for a place where only JavaScript's engine will do; a fault's reason where that may take too long. */
export function compilePlain(written: string, check: PatternCheck): RegExp | string {
  const { source, flags } = translatePattern(written);
  const pattern = new RegExp(source, flags);
  const verdict = check(source, flags);
  return isTame(verdict) ? pattern : refusal(verdict, 'it matches pattern and also alone');
}

const isTame = ({ linearity }: PatternVerdict): boolean => linearity === 'linear' || linearity === 'bounded';

const refusal = ({ linearity, reason }: PatternVerdict, why: string): string =>
  `its time ${linearity === 'unknown' ? 'could not be shown to be linear' : 'is not linear'} (${reason}), and the linear engine cannot take it: ` +
  `${why}. Bound its quantifiers ({0,64}), and keep two neighbours from matching the same characters`;
