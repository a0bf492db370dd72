import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Masker } from '../model/masking/masker.js';
import { ConfigError } from './config-error.js';
import { compileMasking, compileOwnRule, fieldRule, type MaskingPlan } from './masking-rules.js';
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
export type OwnRule = MaskingConfig['rules'][number];

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
export function maskingPlanOf(config: MaskingConfig, file = 'config.yaml'): MaskingPlan {
  if (!config.enabled) return { builtIn: [], own: [], keys: [] };
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
  config.rules.forEach((rule, index) => {
    const isTaken =
      rules.some(({ name }) => name === rule.name) ||
      config.rules.findIndex(({ name }) => name === rule.name) < index;
    if (isTaken) faults.push(`${file}: masking.rules.${index}.name: there is a rule '${rule.name}' already`);
    const made = compileOwnRule(rule);
    if (typeof made === 'string') faults.push(`${file}: masking.rules.${index}.pattern: ${made}`);
  });
  if (faults.length > 0) throw new ConfigError(faults);
  const chosen = rules.filter(
    ({ name, default: state }) => (state === 'on' || config.on.includes(name)) && !config.off.includes(name),
  );
  const names = [...keys, ...config.keys];
  return { builtIn: [...chosen, fieldRule(names)], own: config.rules, keys: names };
}

/** @throws ConfigError as {@link maskingPlanOf}. */
export const maskerOf = (config: MaskingConfig, file?: string): Masker =>
  compileMasking(maskingPlanOf(config, file));

/** As an empty config.yaml has it. */
export const defaultMasker = (): Masker => maskerOf(maskingConfig.parse(undefined));
