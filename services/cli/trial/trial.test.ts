import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import { parseAppConfig } from '../../../lib/config/app-config.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { TrialOut } from '../../gateway/schemas-patterns.js';
import { runTrial } from './trial.js';

const codec = Codec.local(loadSchemas());
const run = (lines: string[], rules = '', config = '') =>
  runTrial(
    { lines, rules },
    {
      config: parseAppConfig(config, 'config.yaml'),
      configPath: undefined,
      codec,
      nowMs: Date.parse('2026-01-07T19:00:00Z'),
    },
  );

const OWN = `parser_rules:
  - name: ledger_post
    pattern: 'ledger: posted (?<amount>[\\d.]+) EUR'
    event_type: tool_result
`;

describe('a trial', () => {
  it('says of each line what it is and why, as the route promises', () => {
    const { lines, faults, suggested } = run(['INFO:plain:pool: 49 in use', 'Thought: I look it up']);
    expect(faults).toEqual([]);
    expect(lines.map(({ event_type, rule }) => [event_type, rule])).toEqual([
      ['log', null],
      ['agent_thought', 'langchain_thought'],
    ]);
    expect(lines[1]!.explain).toMatchObject({ captures: { thought: 'I look it up' } });
    const answer = { lines: lines.map((line) => ({ text: '', ...line })), faults, suggested };
    expect([...Value.Errors(TrialOut, answer)]).toEqual([]);
  });

  it('tries rules of one’s own first, as a file or as the list alone', () => {
    const list = OWN.replace('parser_rules:\n', '').replace(/^ {2}/gm, '');
    for (const rules of [OWN, list]) {
      const [line] = run(['ledger: posted 49.90 EUR'], rules).lines;
      expect(line).toMatchObject({ rule: 'ledger_post', properties: { amount: '49.90' } });
      expect(line!.explain!.rule_origin).toMatch(/^rules:[12]$/);
    }
  });

  it('suggests rules for lines that none has read, which read them', () => {
    const lines = ['ledger: posted 49.90 EUR', 'Thought: I pay', 'ledger: posted 7.10 EUR'];
    const { suggested } = run(lines);
    expect(suggested).toMatch(/^parser_rules:$/m);
    const tried = run(lines, suggested!);
    expect(tried.faults).toEqual([]);
    expect(tried.lines.map(({ rule }) => rule)).toEqual(['posted_eur', 'langchain_thought', 'posted_eur']);
    // what it is named is for people to say; until then the lines are what they were
    expect(tried.suggested).not.toBeNull();
  });

  it('puts a rule in the place of one of config.yaml that has its name', () => {
    const [line] = run(['ledger: posted 1 EUR'], OWN, OWN.replace('tool_result', 'api_call')).lines;
    expect(line!.event_type).toBe('tool_result');
  });

  it.each([
    ['no list', 'name: x\n', 1, /has no list 'parser_rules'/],
    ['an entry that is none', '- ledger\n', 1, /not a mapping/],
    ['an unknown key', `${OWN}    colour: red\n`, 2, /unknown key 'colour'/],
    [
      'a pattern that does not compile',
      '\n- name: x\n  pattern: "("\n  event_type: log\n',
      2,
      /does not compile/,
    ],
    ['no event_type', '- name: x\n  pattern: a\n', 1, /event_type is missing/],
    ['an import', '- import: langchain\n', 1, /an import chooses/],
    ['YAML that is none', '- name: x\n  pattern: "a\n', 3, /quote/],
    ['aliases without bound', bomb(), 1, /alias/],
  ])('of rules with %s says the line and tries nothing', (_what, rules, line, message) => {
    const answer = run(['ledger: posted 1 EUR'], rules);
    expect(answer.lines).toEqual([]);
    expect(answer.faults[0]).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  it('says where a rule’s own test comes out otherwise', () => {
    const rules = `${OWN}    tests:\n      - line: 'ledger: posted 7 EUR'\n        expect: { amount: '8' }\n`;
    expect(run([], rules).faults).toEqual([
      { line: 6, message: "rule 'ledger_post': its test expects amount to be 8, and it is 7" },
    ]);
  });

  it('matches a pattern that could backtrack without end in linear time, and says so', () => {
    const rules = '- name: trap\n  pattern: "^(a+)+$"\n  event_type: log\n';
    const began = performance.now();
    const { lines } = run([`${'a'.repeat(5_000)}!`, 'aaaa'], rules);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(lines.map(({ rule }) => rule)).toEqual([null, 'trap']);
    expect(lines[1]!.explain!.linear_engine.join()).toMatch(/exponential/);
  });

  it('names what is wrong with config.yaml itself', () => {
    const config = 'parser_rules:\n  - name: x\n    pattern: "("\n    event_type: log\n';
    expect(() => run(['a'], '', config)).toThrow(/does not compile/);
  });
});

/** Lists of lists of aliases, ten to the sixth in all. */
function bomb(): string {
  const levels = Array.from({ length: 6 }, (_, level) => {
    const of = level === 0 ? 'x' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array.from({ length: 10 }, () => of).join(', ')}]\n`;
  });
  return `${levels.join('')}parser_rules: *l5\n`;
}
