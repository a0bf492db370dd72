import { WILDCARD } from './drain.js';
import { REST } from './free-text.js';
import { isLoggerName, variableOf } from './mask.js';

/** A template as a rule's pattern, in the syntax of rules, with the names it captures. */
export interface TemplatePattern {
  pattern: string;
  captures: string[];
  /** Words of it that every line holds, in lower case, without the logger's name. */
  words: string[];
}

const RESERVED = new Set(['level', 'message', 'text', 'session_id', 'trace_id', 'agent_id']);

/** The pattern that matches every line of a template, anchored at the start and, unless it ends in free text, at the end of the line. */
export function templatePattern(template: readonly string[]): TemplatePattern {
  const names = new Names();
  const words: string[] = [];
  const parts = template.map((token, index) => {
    if (token === REST) return `(?P<${names.of('detail')}>[^\\n]+)`;
    if (token === WILDCARD) return `(?P<${names.of(labelOf(template[index - 1]) ?? 'value')}>\\S+)`;
    if (index > 0 || !isLoggerName(token))
      words.push(...(token.match(/[A-Za-z]{2,}/g) ?? []).map((word) => word.toLowerCase()));
    return tokenPattern(token, template[index - 1], names);
  });
  const end = template.at(-1) === REST ? '' : '(?=\\n|$)';
  return { pattern: `^${parts.join('\\s+')}${end}`, captures: names.all, words };
}

function tokenPattern(token: string, before: string | undefined, names: Names): string {
  let pattern = '';
  let literal = '';
  for (const character of token) {
    const variable = variableOf(character);
    if (variable === undefined) {
      literal += character;
      pattern += escaped(character);
      continue;
    }
    const label = labelOf(literal) ?? (literal === '' ? labelOf(before) : null);
    pattern += `(?P<${names.of(nameFor(variable.name, label))}>${variable.source})`;
    literal = '';
  }
  return pattern;
}

/** What a variable is called: by the word before it, with its unit where it has one. */
function nameFor(kind: string, label: string | null): string {
  if (label === null || kind === 'url') return kind;
  if (kind === 'duration_ms') return label.endsWith('_ms') ? label : kind;
  return label;
}

/** A word that may name what follows it: `pages=`, `quay:`, `step`. */
function labelOf(text: string | undefined): string | null {
  const word = /([A-Za-z][A-Za-z0-9_]{1,30})["']?\s*[=:#(/-]?["']?$/.exec(text ?? '')?.[1]?.toLowerCase();
  return word === undefined || RESERVED.has(word) || COMMON.has(word) ? null : word;
}

/** Words that say nothing of what follows them. */
const COMMON = new Set([
  'a',
  'an',
  'the',
  'of',
  'to',
  'in',
  'on',
  'at',
  'by',
  'for',
  'from',
  'with',
  'is',
  'as',
  'and',
  'or',
  'after',
  'took',
]);

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');

/** Names of captures, each given once. */
class Names {
  readonly all: string[] = [];

  of(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.all.includes(name); n++) name = `${wanted}_${n}`;
    this.all.push(name);
    return name;
  }
}
