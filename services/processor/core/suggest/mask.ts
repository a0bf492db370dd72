/** A kind of text that varies from line to line, as a pattern that matches each of its instances. */
export interface Variable {
  name: string;
  source: string;
}

const VARIABLES: (Variable & { found: string })[] = [
  { name: 'url', found: String.raw`https?:\/\/[^\s"'<>]+`, source: String.raw`https?:\/\/[^\s"'<>]+` },
  {
    name: 'uuid',
    found: String.raw`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`,
    source: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  },
  {
    name: 'time',
    found: String.raw`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?`,
    source: String.raw`\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?`,
  },
  {
    name: 'address',
    found: String.raw`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`,
    source: String.raw`[\d.]+(?::\d+)?`,
  },
  { name: 'json', found: String.raw`[{[].*[}\]]`, source: String.raw`[{[].*[}\]]` },
  { name: 'text', found: '"[^"]*"', source: '"[^"]*"' },
  { name: 'text', found: String.raw`(?<!\w)'[^']*'(?!\w)`, source: "'[^']*'" },
  {
    name: 'duration_ms',
    found: String.raw`(?<![A-Za-z0-9])\d+(?:\.\d+)? ?(?:ms|µs|us|milliseconds|seconds?|secs?|s|minutes?|min)\b`,
    source: String.raw`\d+(?:\.\d+)? ?[a-zµ]+`,
  },
  {
    name: 'id',
    found: String.raw`\b(?:0x[0-9a-fA-F]+|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,})\b`,
    source: '[0-9a-fA-Fx]+',
  },
  {
    name: 'number',
    found: String.raw`(?<![A-Za-z0-9])\d+(?:[.,]\d+)*(?![A-Za-z0-9])`,
    source: String.raw`\d+(?:[.,]\d+)*`,
  },
  {
    name: 'value',
    found: String.raw`(?<=(?:^|[\s,;([{])[A-Za-z_][\w.-]{0,40}=)[^\s,;()[\]{}"']+`,
    source: String.raw`[^\s,;()[\]{}"']+`,
  },
];

const ALL = new RegExp(VARIABLES.map(({ found }) => `(${found})`).join('|'), 'g');

/** Marks of variables in masked text, one character each, of Unicode's private use area. */
const FIRST_MARK = 0xe000;
const MARKS = new RegExp(`[${String.fromCharCode(FIRST_MARK)}-${String.fromCharCode(FIRST_MARK + 63)}]`);

/** The variable that a character of masked text stands for; undefined where it stands for itself. */
export const variableOf = (character: string): Variable | undefined =>
  VARIABLES[character.charCodeAt(0) - FIRST_MARK];

/** The words of a text, with a mark for each variable; null where the text holds such characters itself. */
export function maskedWords(text: string): string[] | null {
  if (MARKS.test(text)) return null;
  const masked = text.replace(ALL, (_match, ...groups: unknown[]) => {
    const index = VARIABLES.findIndex((_, n) => groups[n] !== undefined);
    return String.fromCharCode(FIRST_MARK + index);
  });
  return masked.trim().split(/\s+/);
}

/** A word that names the logger rather than what happened: `harbour.agent:`, `[worker]`. */
export const isLoggerName = (word: string): boolean =>
  /^(?:[a-z][\w.-]*|[\w-]+(?:\.[\w-]+)+):$|^\[[^\]]*\]:?$/.test(word);
