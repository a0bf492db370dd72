import { expect, it } from 'vitest';
import { compileRule, RuleFault } from './compile-rule.js';
import { describeMiss, nearMisses } from './near-miss.js';
import type { CompiledRule, RuleDefinition } from './rule-types.js';

const compile = (definition: Partial<RuleDefinition>, line = 1): CompiledRule => {
  const written = { name: 'berth', event_type: 'decision', ...definition };
  const rule = compileRule({ definition: written, origin: { file: 'own.yaml', line }, set: null });
  if (rule instanceof RuleFault) throw new Error(rule.reason);
  return rule;
};

function missesOf(
  rules: CompiledRule[],
  text: string,
  more: Partial<Parameters<typeof nearMisses>[0]> & { tags?: string[]; json?: Record<string, unknown> } = {},
) {
  const subject = { text, raw: text, hasColours: false, json: more.json ?? null, tags: more.tags ?? [] };
  const misses = nearMisses({ rules, applies: () => true, subject, chosen: null, continues: false, ...more });
  return misses.map((miss) => `${miss.rule}: ${describeMiss(miss)}`);
}

it('names where a pattern stopped whose literals are there', () => {
  const rule = compile({ pattern: '^berth (?P<n>\\d+) is free' });
  expect(missesOf([rule], 'berth four is free')).toEqual([
    "berth: matches 'berth ', then expects /\\d+/ at character 6",
  ]);
  expect(missesOf([rule], 'nothing of it')).toEqual([]);
  expect(missesOf([rule], 'berth 4 is free')).toEqual([]);
});

it('names the tags that the stream lacks, or has', () => {
  const rule = compile({ pattern: '^free', requires: ['harbour', '!night'] });
  expect(missesOf([rule], 'free', { tags: ['night'] })).toEqual([
    'berth: matches, but the stream lacks harbour; matches, but not where the stream has night',
  ]);
});

it('names the rule that came first', () => {
  const rules = [compile({ name: 'first', pattern: '^free', priority: 9 }), compile({ pattern: 'free$' })];
  expect(missesOf(rules, 'free', { chosen: 'first' })).toEqual(['berth: matches, but first comes first']);
});

it('says that a line which matches belongs to the event before it', () => {
  expect(missesOf([compile({ pattern: '^free' })], 'free', { continues: true })).toEqual([
    'berth: matches, but the line belongs to the event before it',
  ]);
});

it('names the log groups of a rule that is for others', () => {
  const rule = compile({ pattern: '^free', log_groups: ['/quay/*'] });
  expect(missesOf([rule], 'free', { applies: () => false })).toEqual(['berth: matches, but is for /quay/*']);
});

it('names the condition on a decoded object that does not hold', () => {
  const rule = compile({ json: { kind: '^berth$', 'data/free': 'true' } });
  expect(missesOf([rule], '', { json: { kind: 'berth', data: { free: false } } })).toEqual([
    "berth: expects data/free to match true, found 'false'",
  ]);
  expect(missesOf([rule], '', { json: { kind: 'berth' } })).toEqual([
    "berth: expects data/free to match true, found 'nothing'",
  ]);
  expect(missesOf([rule], '', { json: { kind: 'crane' } })).toEqual([]);
});

it('puts what matches before what comes close, and leaves out what only adds ids', () => {
  const rules = [
    compile({ name: 'close', pattern: '^free berth \\d' }),
    compile({ name: 'closer', pattern: '^free berth at \\d' }),
    compile({ name: 'id', mode: 'extract', pattern: 'free' }),
    compile({ name: 'match', pattern: 'at night', requires: ['night'] }),
  ];
  expect(missesOf(rules, 'free berth at night').map((text) => text.split(':')[0])).toEqual([
    'match',
    'closer',
    'close',
  ]);
});
