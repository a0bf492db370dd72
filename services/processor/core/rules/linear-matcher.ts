import { RE2JS, RE2JSException } from 're2js';
import { type Matcher, withoutNames } from './rule-matcher.js';

/** Why the linear engine cannot take a pattern. */
export class NotExpressible {
  constructor(readonly reason: string) {}
}

/**
 * A matcher that never backtracks: its time is proportional to the text for every pattern (RE2's algorithm), at a higher price per
 * character. It finds what JavaScript finds but for `\s` and `.`, which know ASCII white space and `\n` alone. Look-around,
 * references and counts above 1,000 it cannot express.
 */
export function linearMatcher(source: string, flags: string): Matcher | NotExpressible {
  const { unnamed, names } = withoutNames(source);
  let options = 0;
  if (flags.includes('i')) options |= RE2JS.CASE_INSENSITIVE;
  if (flags.includes('s')) options |= RE2JS.DOTALL;
  if (flags.includes('m')) options |= RE2JS.MULTILINE;
  try {
    const pattern = RE2JS.compile(RE2JS.translateRegExp(unnamed), options);
    return {
      names,
      exec(text) {
        const matcher = pattern.matcher(text);
        if (!matcher.find()) return null;
        return names.map((_, group) => matcher.group(group) ?? undefined);
      },
    };
  } catch (error) {
    if (error instanceof RE2JSException) return new NotExpressible(error.message);
    throw error;
  }
}
