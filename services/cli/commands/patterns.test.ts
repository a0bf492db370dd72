import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInFolder } from '../../processor/adapters/rule-folder.js';

import { runCli, tempFile } from '../testing/run-command.js';
import { register } from './patterns.js';

const OWN = String.raw`parser_rules:
  - name: moored
    pattern: 'moored at (?P<quay>\w+)'
    event_type: decision
    field_mappings: { quay: decision }
    tests:
      - line: 'INFO moored at east'
        expect: { event_type: decision, decision: east }
      - line: 'INFO moored at west'
        expect: { decision: east }
      - line: 'INFO moored by hand'
      - line: 'moored at sea'
        expect: null
`;
const run = (...args: string[]) => runCli(register, 'patterns', ...args);

describe('patterns test', () => {
  it('says of each sample that differs where it stands, what was expected, what came and why', async () => {
    const file = tempFile('config.yaml', OWN);
    const { code, stdout } = await run('test', file);
    expect(code).toBe(1);
    expect(stdout).toContain(`${file}:9: rule 'moored': decision is not as expected`);
    expect(stdout).toMatch(/expected {2}east\n {4}got {7}west/);
    expect(stdout).toContain(`${file}:11: rule 'moored': rule is not as expected`);
    expect(stdout).toContain("because   it matches 'moored ', then expects /at / at character 12");
    expect(stdout).toContain(`${file}:12: rule 'moored': rule is not as expected`);
    expect(stdout).toContain('4 samples of 1 rules: 3 otherwise than expected');
  });

  it('passes what is as expected', async () => {
    const file = tempFile('config.yaml', OWN.split('\n').slice(0, 8).join('\n'));
    expect(await run('test', file)).toMatchObject({
      code: 0,
      stdout: '1 samples of 1 rules: all as expected\n',
    });
  });

  it('reads each built-in file as the parser does', async () => {
    const files = readdirSync(builtInFolder()).filter((name) => name.endsWith('.yaml'));
    const { code, stdout } = await run('test', '--json', ...files.map((name) => join(builtInFolder(), name)));
    expect(JSON.parse(stdout)).toMatchObject({ faults: [] });
    expect(code).toBe(0);
  });

  it("reads a rule file of one's own beside the built-in ones", async () => {
    const copy = tempFile('own.yaml', `set: own\nframework: own\n${OWN}`);
    expect((await run('test', copy)).stdout).toContain('3 otherwise than expected');
  });

  it('fails where there is nothing to test', async () => {
    expect((await run('test', tempFile('config.yaml', 'parser_rules: []'))).code).toBe(1);
  });

  it.each([
    [
      'a pattern that is none',
      "{ name: a, pattern: '(', event_type: x }",
      /own\.yaml:4: rule 'a': pattern does not compile/,
    ],
    ['a rule that is none', '5', /own\.yaml:4: the rule is not a mapping/],
    [
      'samples that are none',
      '{ name: a, pattern: a, event_type: x, tests: [{ line: 5 }] }',
      /own\.yaml:4: rule 'a': tests: sample 1 has no text/,
    ],
    [
      'an expectation that is none',
      '{ name: a, pattern: a, event_type: x, tests: [{ line: a, expect: 5 }] }',
      /own\.yaml:4: rule 'a': tests: sample 1: expect is/,
    ],
  ])('refuses %s with file and line', async (_name, rule, reason) => {
    const file = tempFile('own.yaml', `set: own\nframework: own\nparser_rules:\n  - ${rule}\n`);
    const { code, stderr } = await run('test', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
  });

  it('says that a file is missing', async () => {
    expect(await run('test', '/no/such.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/no/such.yaml'),
    });
  });
});

describe('patterns list', () => {
  it('names every rule with its file and line, own rules first', async () => {
    const file = tempFile('config.yaml', OWN);
    const { code, stdout } = await run('list', '--json', '--config', file);
    expect(code).toBe(0);
    const rules = JSON.parse(stdout) as { name: string; file: string; priority: number }[];
    expect(rules[0]).toEqual({
      name: 'moored',
      event_type: 'decision',
      framework: null,
      priority: 1000,
      file: `${file}:2`,
    });
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.at(-1)!.file).toMatch(/^patterns\/\w+\.yaml:\d+$/);
  });
});

describe('patterns suggest', () => {
  it('prints rules that can be used as they are', async () => {
    const lines = Array.from({ length: 40 }, (_, n) =>
      n % 2 ? `2026-02-03T04:05:06Z INFO berth ${n} is free` : `Thought: ${n}`,
    );
    const log = tempFile('agent.log', lines.join('\n'));
    const suggested = await run('suggest', '--config', '/no/config.yaml', log);
    expect(suggested.stdout).toMatch(
      /^# 20 of 20 lines .*\n\nparser_rules:\n {2}# 20 lines\n {2}- name: berth_is_free\n/,
    );
    const config = tempFile('config.yaml', suggested.stdout);
    expect(await run('test', config)).toMatchObject({ code: 0 });
    const typed = tempFile(
      'config.yaml',
      suggested.stdout.replaceAll('event_type: log', 'event_type: decision'),
    );
    expect((await run('suggest', '--config', typed, log)).stdout).toBe('# every line is understood\n');
  }, 20_000);

  it('refuses a number that is none', async () => {
    expect(await run('suggest', '--rules', 'many')).toMatchObject({
      code: 1,
      stderr: "vectadb: --rules is 'many', wanted is a whole number\n",
    });
  });
});
