import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Masker, type MaskingRule, SECRET_FIELD } from '../model/masking/masker.js';
import { ConfigError } from './config-error.js';
import { projectRoot } from './root.js';

const ruleName = z.string().regex(/^[a-z0-9-]{1,64}$/, 'is no name: a-z, 0-9 and - are');

const builtInRule = z.strictObject({
  name: ruleName,
  doc: z.string().min(1),
  ignore_case: z.boolean().default(false),
  default: z.enum(['on', 'off']).default('on'),
  hint: z.string().min(1),
  pattern: z.string().min(1),
  check: z.enum(['luhn', 'iban']).optional(),
});
export type BuiltInRule = z.output<typeof builtInRule>;

const ruleFile = z.strictObject({ keys: z.array(z.string().min(1)), rules: z.array(builtInRule) });

/** `masking` of config.yaml. */
export const maskingConfig = z
  .strictObject({
    /** false: nothing is masked. */
    enabled: z.boolean().default(true),
    /** Built-in rules to switch on, beside those that are. */
    on: z.array(z.string()).default([]),
    /** Built-in rules to switch off. */
    off: z.array(z.string()).default([]),
    /** Names of fields whose values are masked, beside the built-in ones. */
    keys: z.array(z.string().min(1)).default([]),
    /** Patterns of one's own: what groups 1 and 2 match stays before and after the mark. */
    rules: z
      .array(
        z.strictObject({
          name: ruleName,
          pattern: z.string().min(1).max(2_000),
          ignore_case: z.boolean().default(false),
          /** Text without which there is no match; makes the rule cheap. */
          literal: z.string().min(1).optional(),
        }),
      )
      .max(100)
      .default([]),
  })
  .prefault({});
export type MaskingConfig = z.output<typeof maskingConfig>;

const FILE = 'patterns/masking/rules.yaml';

/** The rules that come with VectaDB. @throws ConfigError where the file is not as it should be. */
export function builtInMasking(): z.output<typeof ruleFile> {
  const text = readFileSync(join(projectRoot(), FILE), 'utf8');
  const document = parseDocument(text, { lineCounter: new LineCounter() });
  const read = ruleFile.safeParse(document.toJS());
  if (document.errors.length === 0 && read.success) return read.data;
  const faults = read.success
    ? []
    : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ConfigError(
    [...document.errors.map(({ message }) => message), ...faults].map((one) => `${FILE}: ${one}`),
  );
}

/**
 * What is masked by a configuration. Patterns of users run on an engine that never goes back, so that none can hold up a
 * service; it knows no look-around and no references.
 * @throws ConfigError naming every fault; `file` stands for config.yaml in messages.
 */
export function maskerOf(config: MaskingConfig, file = 'config.yaml'): Masker {
  if (!config.enabled) return new Masker([], []);
  const { rules, keys } = builtInMasking();
  const faults: string[] = [];
  for (const list of ['on', 'off'] as const) {
    for (const name of config[list]) {
      if (!rules.some((rule) => rule.name === name))
        faults.push(
          `${file}: masking.${list}: there is no rule '${name}': ${rules.map((one) => one.name).join(', ')}`,
        );
    }
  }
  const own = config.rules.flatMap((rule, index) => {
    if (
      rules.some(({ name }) => name === rule.name) ||
      config.rules.findIndex(({ name }) => name === rule.name) < index
    ) {
      faults.push(`${file}: masking.rules.${index}.name: there is a rule '${rule.name}' already`);
    }
    const made = ownRule(rule);
    if (typeof made !== 'string') return [made];
    faults.push(`${file}: masking.rules.${index}.pattern: ${made}`);
    return [];
  });
  if (faults.length > 0) throw new ConfigError(faults);
  const chosen = rules.filter(
    ({ name, default: state }) => (state === 'on' || config.on.includes(name)) && !config.off.includes(name),
  );
  const names = [...keys, ...config.keys];
  return new Masker([...own, ...[...chosen, fieldRule(names)].map(builtIn)], names);
}

/** As an empty config.yaml has it. */
export const defaultMasker = (): Masker => maskerOf(maskingConfig.parse(undefined));

function builtIn({ name, hint, pattern, ignore_case, check }: BuiltInRule): MaskingRule {
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

/** A rule on the linear engine, or why it cannot be one. */
function ownRule({
  name,
  pattern,
  ignore_case,
  literal,
}: MaskingConfig['rules'][number]): MaskingRule | string {
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
