import { describe, expect, it } from 'vitest';
import { parseAppConfig } from './app-config.js';
import { ConfigError } from './config-error.js';

const faultsOf = (yaml: string): readonly string[] => {
  try {
    parseAppConfig(yaml, 'config.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('config.yaml', () => {
  it('takes rules without a name', () => {
    const { parser_rules } = parseAppConfig(
      'parser_rules: [{ pattern: "Tool: (?P<tool>\\\\w+)", event_type: tool_call }]',
      'config.yaml',
    );
    expect(parser_rules).toEqual([{ pattern: 'Tool: (?P<tool>\\w+)', event_type: 'tool_call' }]);
  });

  it('names every setting that there is not, with its line', () => {
    const yaml = 'aws_regoin: eu-west-1\nlog_groups:\n  - name: /a\n    regoins: [eu-west-1]\n    agent: x\n';
    expect(faultsOf(yaml)).toEqual([
      'config.yaml:4: log_groups.0.regoins: there is no such setting',
      'config.yaml:5: log_groups.0.agent: there is no such setting',
      'config.yaml:1: aws_regoin: there is no such setting',
    ]);
  });

  it.each([
    ['parser_rules: [{ import: generic_agent, name: x }]', 'parser_rules.0: an import stands alone'],
    ['parser_rules: [{ name: 5 }]', 'parser_rules.0.name: '],
    ['log_groups: [{ name: /a, prefix: /b }]', 'log_groups.0: names its log group by exactly one of'],
    ['batch_size: 0', 'batch_size: '],
    ['log_groups: [{ name: /a, accounts: [b] }]', "log_groups.0: aws_accounts has no account 'b'"],
  ])('refuses %s', (yaml, fault) => {
    expect(faultsOf(yaml)).toEqual([expect.stringContaining(`config.yaml:1: ${fault}`)]);
  });
});
