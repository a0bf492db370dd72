import { createRequire } from 'node:module';
import { Masker, type MaskingRule, SECRET_FIELD } from '../model/masking/masker.js';
import type { BuiltInRule, OwnRule } from './masking-file.js';

/** What is masked, as plain data: chosen, checked, and not yet compiled. */
export interface MaskingPlan {
  builtIn: BuiltInRule[];
  own: OwnRule[];
  /** Names of fields whose values are masked. */
  keys: string[];
}

/** @throws where a rule of one's own is none; a plan that was read from a file has been checked. */
export function compileMasking({ builtIn, own, keys }: MaskingPlan): Masker {
  const compiled = own.map((rule) => {
    const made = compileOwnRule(rule);
    if (typeof made === 'string') throw new Error(`masking rule ${rule.name}: ${made}`);
    return made;
  });
  return new Masker([...compiled, ...builtIn.map(compileBuiltIn)], keys);
}

function compileBuiltIn({ name, hint, pattern, ignore_case, check }: BuiltInRule): MaskingRule {
  const regex = new RegExp(pattern, ignore_case ? 'gi' : 'g');
  return {
    name,
    hint: { source: hint, ignoreCase: ignore_case },
    check: check ?? null,
    each(text, found) {
      for (const match of text.matchAll(regex)) {
        const end = match.index + match[0].length;
        found({ start: match.index, end, before: match[1] ?? '', after: match[2] ?? '' });
      }
    },
  };
}

/** Loaded only where it is needed: with its tables it takes some megabytes, of a process that may have a hundred. */
const linearEngine = (): typeof import('re2js') =>
  createRequire(import.meta.url)('re2js') as typeof import('re2js');

/**
 * Fields of JSON that is printed as text, by the names of secrets: `"password": "…"`, in single quotes too, and where the quotes are
 * escaped. Its hint finds the names of fields in the JSON of an event as well.
 */
export function fieldRule(keys: readonly string[]): BuiltInRule {
  const names = keys.map((key) => key.split(/[-_]/).map(escaped).join('[-_]?')).join('|');
  return {
    name: SECRET_FIELD,
    doc: 'Values of fields that are named like secrets',
    default: 'on',
    ignore_case: true,
    hint: `(?:${names})\\\\{0,8}["']`,
    pattern:
      `(["'](?:${names})\\\\?["']\\s{0,4}:\\s{0,4}\\\\?["'])` +
      `(?:(?<=\\\\["'])[^"'\\\\]+|(?<=[^\\\\]")(?:[^"\\\\]|\\\\.)+|(?<=[^\\\\]')(?:[^'\\\\]|\\\\.)+)`,
  };
}

/** A rule on the linear engine, which never goes back, or why it cannot be one. */
export function compileOwnRule({ name, pattern, ignore_case, literal }: OwnRule): MaskingRule | string {
  const { RE2JS, RE2JSException } = linearEngine();
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern), ignore_case ? RE2JS.CASE_INSENSITIVE : 0);
    if (compiled.matches('')) return 'matches nothing at all, so it would match everywhere';
    const groups = compiled.groupCount();
    return {
      name,
      hint: literal === undefined ? null : { source: escaped(literal), ignoreCase: ignore_case },
      check: null,
      each(text, found) {
        const matcher = compiled.matcher(text);
        while (matcher.find()) {
          const [start, end] = [matcher.start(), matcher.end()];
          if (start === end) continue;
          const before = (groups >= 1 ? matcher.group(1) : null) ?? '';
          const after = (groups >= 2 ? matcher.group(2) : null) ?? '';
          if (text.slice(start, end).includes('[masked:')) continue; // a mark is masked no further
          found({ start, end, before, after });
        }
      },
    };
  } catch (error) {
    if (error instanceof RE2JSException) return error.message;
    throw error;
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
