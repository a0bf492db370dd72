import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { sampleFaults } from '../parse/rule-tests.js';
import { compileRule, RuleFault } from '../rules/compile-rule.js';
import { RuleSet } from '../rules/rule-set.js';
import { RuleSuggester, type Suggestions } from './rule-suggester.js';

function suggest(lines: string[], least = 2): Suggestions {
  const suggester = new RuleSuggester();
  for (const line of lines) suggester.add(line);
  return suggester.suggest(least, 100);
}

/** Faults of what was suggested, compiled as a user's own rules would be. */
function faultsOf({ suggestions }: Suggestions): string[] {
  const rules = suggestions.map(({ definition }) => {
    const rule = compileRule({ definition, origin: { file: 'own.yaml', line: 1 }, set: null });
    if (rule instanceof RuleFault) throw new Error(rule.reason);
    return rule;
  });
  const set = new RuleSet(rules);
  return rules.flatMap((rule) =>
    rule.tests.flatMap((sample) =>
      sampleFaults(rule, sample, set).map(({ what, got }) => `${rule.name}: ${what} ${got}`),
    ),
  );
}

const only = (lines: string[]) => {
  const found = suggest(lines);
  expect(found.suggestions).toHaveLength(1);
  expect(faultsOf(found)).toEqual([]);
  return found.suggestions[0]!;
};

describe('a suggested rule', () => {
  it('names what varies by the word before it, and its kind', () => {
    const { definition, lines } = only([
      "2026-02-03T04:05:06Z INFO berth 12 given to 'Gull' in 31 ms",
      "2026-02-03T04:05:07Z INFO berth 7 given to 'Tern' in 1.5 s",
    ]);
    expect(lines).toBe(2);
    expect(definition).toMatchObject({
      name: 'berth_given_to_in',
      event_type: 'log',
      field_mappings: { berth: 'berth', text: 'text', duration_ms: 'duration_ms' },
    });
  });

  test.each([
    ['of a type that its words name', ['tool call sent to tides', 'tool call sent to crane'], 'tool_call'],
    ['of a type that its first word names', ['retrieval of 4 pages', 'retrieval of 12 pages'], 'retrieval'],
    ['of no type where they name none', ['rope 4 thrown', 'rope 5 thrown'], 'log'],
  ])('is %s', (_name, lines, type) => {
    expect(only(lines).definition.event_type).toBe(type);
  });

  test.each([
    ['urls', ['asked https://a.example/x?y=1 twice', 'asked http://b.example twice'], 'https://c.example/z'],
    [
      'uuids',
      ['run 11111111-0000-4000-8000-000000000001 over', 'run 22222222-0000-4000-8000-00000000000a over'],
      '33333333-0000-4000-8000-00000000000f',
    ],
    ['addresses', ['heard from 10.0.0.1:80 now', 'heard from 10.0.0.2:8080 now'], '192.168.1.1:443'],
    ['ids', ['span 0a1b2c3d4e ended', 'span ffee00112233 ended'], 'abcdef0123'],
    ['values of keys', ['done tool=tides, ok', 'done tool=crane, ok'], 'tool=winch,'],
    ['objects', ['sent {"a": 1}', 'sent {"b": [2]}'], '{"c": {"d": 3}}'],
  ])('reads other %s than those it was made from', (_name, lines, other) => {
    const { definition } = only(lines);
    const rule = compileRule({ definition, origin: { file: 'own.yaml', line: 1 }, set: null });
    if (rule instanceof RuleFault) throw new Error(rule.reason);
    const [first, second] = lines.map((line) => line.split(' '));
    const line = first!
      .map((word, place) => (word === second![place] ? word : other))
      .slice(0, lines[0]!.includes('{') ? 2 : undefined)
      .join(' ');
    expect(rule.pattern!.test(line)).toBe(true);
    expect(rule.pattern!.test(`x ${line}`)).toBe(false);
  });

  it('ends in free text where lines begin alike and go on at any length', () => {
    const lines = [
      'a berth',
      'the pilot of the ship',
      'anything that floats in this harbour',
      'a crane that is free',
    ].map((rest) => `INFO:harbour.agent:Looking for ${rest}`);
    const { definition } = only(lines);
    expect(definition.pattern).toMatch(/^\^(?:harbour\\\.agent:)?Looking\\s\+for\\s\+\(\?P<detail>/);
  });

  it('reads the message of a decoded line', () => {
    const lines = [1, 2].map((n) => JSON.stringify({ n, message: `rope ${n} thrown to the pier` }));
    expect(only(lines).definition.tests!.map(({ line }) => line)).toEqual([
      'rope 1 thrown to the pier',
      'rope 2 thrown to the pier',
    ]);
  });

  it('comes before a more general one, which would keep it from its lines', () => {
    const lines = [
      ...Array.from({ length: 6 }, (_, n) => `crane ${'abcdef'[n]} lifts box number ${n}`),
      ...Array.from({ length: 2 }, (_, n) => `crane a lifts box number ${n} twice`),
    ];
    expect(faultsOf(suggest(lines))).toEqual([]);
  });
});

describe('suggestions', () => {
  it('count the lines that they would read, of all', () => {
    const lines = [
      'rope 4 thrown',
      'rope 5 thrown',
      'rope 6 thrown',
      'something else entirely here',
      '77',
      '',
    ];
    expect(suggest(lines)).toMatchObject({ lines: 6, covered: 3, suggestions: [{ lines: 3 }] });
  });

  it('leave out what only few lines share, and what shares no word', () => {
    expect(suggest(['rope 4 thrown', 'rope 5 thrown'], 3).suggestions).toEqual([]);
    expect(suggest(['1 2 3', '4 5 6']).suggestions).toEqual([]);
  });

  it('have names that are not taken', () => {
    const suggester = new RuleSuggester();
    for (const n of [1, 2]) suggester.add(`rope ${n} thrown`);
    expect(suggester.suggest(2, 10, ['rope_thrown']).suggestions[0]!.definition.name).toBe('rope_thrown_2');
  });

  it('compile, and read their own samples, whatever the lines are', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'rope',
        'pier',
        'tool',
        'call',
        'berth=4',
        'id=',
        '"x y"',
        "'",
        "it's",
        '{',
        '{"a":1}',
        '[x]',
        '12ms',
        '3.5',
        'a.b:',
        '(?',
        '$1',
        '\\',
        '\ue000',
        '10.0.0.1',
        'ab12cd34ef',
      ),
      fc.string({ maxLength: 6 }),
    );
    const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        expect(faultsOf(suggest(lines, 1))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
