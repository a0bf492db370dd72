/** Characters of an event that full text looks at; what lies behind them is not found. */
export const MAX_SEARCH_TEXT = 16_384;

/** Texts of one query, at most: each costs a pass over what is scanned. */
export const MAX_TERMS = 16;

/**
 * What full text looks at: the event's message, then its other property values (strings, numbers, booleans, at any depth),
 * one a line, in lower case. Names of properties are not part of it.
 */
export function searchText(properties: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  let room = MAX_SEARCH_TEXT;
  const add = (value: unknown): void => {
    if (room <= 0 || value === null || value === undefined) return;
    if (typeof value === 'object') {
      for (const inner of Object.values(value)) add(inner);
      return;
    }
    const text = String(value).slice(0, room);
    room -= text.length + 1;
    parts.push(text);
  };
  const { message, ...others } = properties;
  add(message);
  add(others);
  return folded(parts.join('\n')).toWellFormed();
}

/**
 * The texts that a query asks for: words, and phrases in double quotes. Each must be part of an event's search text, in any case;
 * a word also matches inside longer ones.
 */
export function readTerms(query: string): string[] {
  const terms = [...query.matchAll(/"([^"]+)"?|([^\s"]+)/g)].map(([, phrase, word]) =>
    folded(phrase ?? word ?? ''),
  );
  return [...new Set(terms.filter((term) => term.trim() !== ''))];
}

/** Whether a text made by {@link searchText} holds every term. */
export const holdsAll = (text: string, terms: readonly string[]): boolean =>
  terms.every((term) => text.includes(term));

/** One case for both sides. Not locale-aware: the same everywhere. */
const folded = (text: string): string => text.toLowerCase();

/** Spellings of a level that mean the same; a level of other words is itself. */
const LEVELS: readonly (readonly string[])[] = [
  ['TRACE', 'VERBOSE'],
  ['DEBUG', 'DEBUG1', 'DEBUG2', 'DEBUG3', 'DEBUG4', 'DEBUG5'],
  ['INFO', 'INFORMATION', 'NOTICE', 'SUCCESS', 'LOG'],
  ['WARN', 'WARNING'],
  ['ERROR', 'ERR', 'SEVERE', 'EXCEPTION'],
  ['FATAL', 'CRITICAL', 'CRIT', 'ALERT', 'EMERG', 'EMERGENCY', 'PANIC'],
];
const LEVEL_OF = new Map(LEVELS.flatMap((names) => names.map((name) => [name, names[0]!] as const)));

/** A log level by its usual name (`WARNING` is `WARN`); null where there is none. */
export function levelName(level: unknown): string | null {
  if (typeof level !== 'string' || level === '') return null;
  const name = level.toUpperCase();
  return LEVEL_OF.get(name) ?? name;
}
