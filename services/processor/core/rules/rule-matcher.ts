import { bareObject } from '../bare-object.js';
import type { CompiledRule } from './rule-types.js';

/** What named groups captured; those that took no part in the match are left out. */
export type Groups = Record<string, string | undefined>;

/** A pattern ready to be matched. Its groups are by number: an object of them for each match costs more than most matches. */
export interface Matcher {
  /** The whole match and its groups by number, or null. */
  exec(text: string): ArrayLike<string | undefined> | null;
  /** Name of each group by number, from 0 (the whole match, which has none); null where it has none. */
  names: readonly (string | null)[];
}

/** A regular expression as a matcher. @throws SyntaxError where it is none. */
export function regExpMatcher(source: string, flags: string): Matcher {
  // named, to find duplicates and references to no group
  new RegExp(source, flags);
  const { unnamed, names } = withoutNames(source);
  const pattern = new RegExp(unnamed, flags);
  return { exec: (text) => pattern.exec(text), names };
}

/** A pattern whose named groups are numbered ones. */
export function withoutNames(source: string): { unnamed: string; names: (string | null)[] } {
  const names: (string | null)[] = [null];
  const parts: string[] = [];
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at, at + 3);
    const name = rest === '(?<' && !inClass ? /^\(\?<([^=!>][^>]*)>/.exec(source.slice(at, at + 256)) : null;
    if (name) {
      names.push(name[1]!);
      parts.push('(');
      at += name[0].length - 1;
      continue;
    }
    const character = source[at]!;
    if (character === '\\') {
      parts.push(source.slice(at, at + 2));
      at++;
      continue;
    }
    if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '(' && !inClass && source[at + 1] !== '?') names.push(null);
    parts.push(character);
  }
  // references may stand before their group: numbers are known only now
  const unnamed = parts
    .join('')
    .replace(/\\(.)(?:<([^>]+)>)?/gs, (written, escaped: string, name?: string) =>
      escaped === 'k' && name !== undefined ? `(?:\\${names.indexOf(name)})` : written,
    );
  return { unnamed, names };
}

/** Named groups of a rule's match in a text and of its further patterns; null where it does not match. */
export function groupsOf(rule: CompiledRule, text: string): Groups | null {
  const { matcher, also } = rule;
  const found = matcher!.exec(text);
  if (found === null) return null;
  const groups: Groups = bareObject();
  take(groups, matcher!, found);
  for (const further of also) {
    const more = further.exec(text);
    if (more !== null) take(groups, further, more);
  }
  return groups;
}

/** What was captured before stays. */
function take(groups: Groups, { names }: Matcher, found: ArrayLike<string | undefined>): void {
  for (let group = 1; group < names.length; group++) {
    const name = names[group]!;
    const value = found[group];
    if (name !== null && value !== undefined) groups[name] ??= value;
  }
}
