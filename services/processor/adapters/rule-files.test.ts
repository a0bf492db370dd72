import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parseAppConfig } from '../../../lib/config/app-config.js';
import { ConfigError } from '../../../lib/config/config-error.js';
import { readRecord } from '../core/parse/reading.js';
import { loadRules } from './rule-files.js';

// patterns of config.yaml are checked, which takes seconds on a machine that has much else to do
vi.setConfig({ testTimeout: 30_000 });

const load = (yaml: string) => {
  const configPath = join(mkdtempSync(join(tmpdir(), 'rules-')), 'config.yaml');
  writeFileSync(configPath, yaml);
  return loadRules(parseAppConfig(yaml, configPath), { configPath });
};
const typeOf = (yaml: string, line: string, logGroup: string | null = null) =>
  readRecord(line, load(yaml).forGroup(logGroup).rules, []).eventType;
const faultsOf = (yaml: string): string[] => {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.faults.map((fault) => fault.replace(/^.*config\.yaml/, 'config.yaml'));
    throw error;
  }
  return [];
};

test('captures of a rule without field_mappings are properties of their names', () => {
  const yaml = String.raw`parser_rules: [{ pattern: 'Tool: (?P<tool>\w+) for (?P<customer>\w+) in (?P<session_id>\w+)', event_type: tool_call }]`;
  expect(readRecord('Tool: weather for acme in s1', load(yaml).forGroup(null).rules, [])).toMatchObject({
    eventType: 'tool_call',
    properties: { tool_name: 'weather', customer: 'acme' },
    sessionId: 's1',
  });
});

test('a rule without a name is called after its place', () => {
  const yaml = 'parser_rules:\n  - pattern: "Tool: (?P<tool_name>\\\\w+)"\n    event_type: tool_call\n';
  const own = load(yaml)
    .all()
    .filter(({ set }) => set === null);
  expect(own.map(({ name, origin }) => [name, origin.line])).toEqual([['parser_rules.0', 2]]);
});

/** Rules as they stand in the design that this grew from, word for word. */
const AS_WRITTEN = String.raw`
parser_rules:
  - import: none
  - name: langchain_tool_call
    pattern: '.*Tool:\s+(?P<tool_name>\w+).*Input:\s+(?P<tool_input>\{.*?\})'
    event_type: tool_call
    field_mappings:
      tool_name: tool_name
      tool_input: tool_input
  - name: langchain_thought
    pattern: '.*Thought:\s+(?P<thought>.*)'
    event_type: agent_thought
    field_mappings:
      thought: reasoning
  - name: request_id_extraction
    pattern: '.*(?:request_id|requestId|RequestId)[:=]\s*["'']?(?P<request_id>[a-zA-Z0-9-]+)["'']?'
    event_type: log
    field_mappings:
      request_id: session_id
`;

describe('rules of config.yaml', () => {
  test('Python groups and a leading .* work as written', () => {
    const { rules } = load(AS_WRITTEN).forGroup(null);
    const call = readRecord('[12:00] Tool: tides | Input: {"port": "Brest"}', rules, []);
    expect(call).toMatchObject({ eventType: 'tool_call', captures: { tool_name: 'tides' } });
    expect({ ...call.properties }).toMatchObject({ tool_name: 'tides', tool_input: '{"port": "Brest"}' });
    expect(readRecord('x Thought: wait', rules, []).properties.reasoning).toBe('wait');
  });

  test('an extraction adds its id to whatever the line is', () => {
    const { rules } = load(AS_WRITTEN).forGroup(null);
    expect(readRecord('Thought: wait requestId=r-1', rules, [])).toMatchObject({
      eventType: 'agent_thought',
      sessionId: 'r-1',
    });
    expect(readRecord('nothing known, requestId=r-1', rules, [])).toMatchObject({
      eventType: 'log',
      sessionId: 'r-1',
    });
  });

  test.each([
    [
      'without imports the built-in sets stay below',
      '[{name: own, pattern: "Thought: own", event_type: mine}]',
      'Thought: own',
      'mine',
    ],
    [
      'without imports the built-in sets are there',
      '[{name: own, pattern: "zzz", event_type: mine}]',
      'Thought: x',
      'agent_thought',
    ],
    ['an import takes that set alone', '[{import: llamaindex_default}]', 'Thought: x', 'log'],
    [
      'a rule of a built-in name takes its place',
      '[{name: langchain_chain_end, pattern: "^Ended", event_type: mine}]',
      '> Finished chain.',
      'log',
    ],
    [
      'a built-in rule can be switched off',
      '[{name: langchain_thought, enabled: false}, {name: langchain_thought_inside, enabled: false}, {name: phrase_thought, enabled: false}]',
      'Thought: x',
      'log',
    ],
    [
      'priority decides among own rules',
      '[{name: a, pattern: "x", event_type: a}, {name: b, pattern: "x", event_type: b, priority: 1001}]',
      'x',
      'b',
    ],
  ])('%s', (_name, list, line, type) => {
    expect(typeOf(`parser_rules: ${list}`, line)).toBe(type);
  });

  test('a log group has rules of its own before the global ones', () => {
    const yaml = `
log_groups:
  - { name: /desk, parser_rules: [{ name: own, pattern: 'Thought', event_type: mine }] }
  - { pattern: '^/ecs/', parser_rules: [{ name: other, pattern: 'Thought', event_type: theirs }] }`;
    expect([
      typeOf(yaml, 'Thought: x', '/desk'),
      typeOf(yaml, 'Thought: x', '/ecs/a'),
      typeOf(yaml, 'Thought: x', '/x'),
    ]).toEqual(['mine', 'theirs', 'agent_thought']);
  });
});

describe('patterns that may take long', () => {
  test('one that backtracks without bound is left to the linear engine, and finds the same', () => {
    const { rules } = load(
      'parser_rules: [{name: own, pattern: "^(?P<word>(?:a|aa)+)!$", event_type: mine}]',
    ).forGroup(null);
    expect(rules.get('own')?.linear).toEqual([
      expect.stringMatching(/exponential|polynomial|not checked in time/),
    ]);
    expect(readRecord('aaaa!', rules, [])).toMatchObject({ eventType: 'mine', captures: { word: 'aaaa' } });
    expect(readRecord(`${'a'.repeat(50_000)}?`, rules, []).eventType).toBe('log');
  });

  test('one that the linear engine cannot express is refused with file, line and reason', () => {
    expect(
      faultsOf('parser_rules:\n  - { name: own, pattern: "^(?=b)(?:(a+)+)+!$", event_type: mine }\n'),
    ).toEqual([
      expect.stringMatching(
        /^config\.yaml:2: rule 'own': pattern: its time .* and the linear engine cannot take it: .*Bound its/,
      ),
    ]);
  });

  test('look-around and references of a pattern that is linear are as good as any', () => {
    expect(typeOf('parser_rules: [{name: own, pattern: "^x(?!y)", event_type: mine}]', 'xz')).toBe('mine');
  });

  test('a linear pattern sees the whole line, one that is so by its bounds the first 16 KiB', () => {
    const long = `${'x'.repeat(20_000)} crane 7`;
    expect(typeOf('parser_rules: [{name: own, pattern: "crane 7", event_type: mine}]', long)).toBe('mine');
  });
});

test('every bad rule is told at once, with file, line and reason', () => {
  const faults = faultsOf(`
parser_rules:
  - import: langchain
  - name: one
    pattern: '(unclosed'
    event_type: x
  - name: two
    event_type: x
  - { name: three, pattern: 'a(?P<b>c)', event_type: x, field_mappings: { d: e } }
  - { name: four, pattern: 'a', event_type: x, colour: red }
log_groups:
  - prefix: /a
    parser_rules:
      - { name: five, pattern: 'a' }
`);
  expect(faults).toHaveLength(6);
  expect(faults[0]).toMatch(/^config\.yaml:3: import 'langchain': known sets are/);
  expect(faults[1]).toMatch(/^config\.yaml:4: rule 'one': pattern does not compile/);
  expect(faults[2]).toMatch(/^config\.yaml:7: rule 'two': pattern is missing/);
  expect(faults[3]).toMatch(/^config\.yaml:9: rule 'three': field_mappings names 'd'/);
  expect(faults[4]).toMatch(/^config\.yaml:10: rule 'four': unknown key 'colour'/);
  expect(faults[5]).toMatch(/^config\.yaml:14: rule 'five': event_type is missing/);
});
