/** How `log_groups` of config.yaml names groups: by exactly one of the three. */
export interface LogGroupSelector {
  name?: string;
  prefix?: string;
  /** A regular expression, unanchored. */
  pattern?: string;
}

/** Whether a group's name is meant by a selector. @throws SyntaxError where the pattern does not compile. */
export function logGroupMatcher({ name, prefix, pattern }: LogGroupSelector): (logGroup: string) => boolean {
  if (name !== undefined) return (logGroup) => logGroup === name;
  if (prefix !== undefined) return (logGroup) => logGroup.startsWith(prefix);
  const regexp = new RegExp(pattern!);
  return (logGroup) => regexp.test(logGroup);
}

/** Text that every name which the pattern matches begins with; empty where that cannot be said. */
export function literalPrefixOf(pattern: string): string {
  if (!pattern.startsWith('^') || pattern.includes('|')) return '';
  const literal = /^\^((?:[\w/#-]|\\[./-])*)/.exec(pattern)![1]!;
  // a quantifier makes the character before it optional
  const rest = pattern.slice(1 + literal.length);
  const cut = /^[*?+{]/.test(rest) ? literal.replace(/(?:\\.|.)$/, '') : literal;
  return cut.replaceAll('\\', '');
}
