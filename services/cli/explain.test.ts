import { expect, it } from 'vitest';
import { parseAppConfig } from '../../lib/config/app-config.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { loadRules } from '../processor/adapters/rule-files.js';
import { settingsOf } from '../processor/core/parse/settings.js';
import { renderExplained } from './explain-view.js';
import { LineParser } from './parse-lines.js';

const config = parseAppConfig(
  String.raw`
parser_rules:
  - import: none
  - { name: watch, pattern: '^watch (?P<who>\w+)', event_type: decision, sets: [night], field_mappings: { who: decision } }
  - { name: light, pattern: '^light (?P<n>\d+)', event_type: decision, requires: [night] }
  - { name: id_extraction, pattern: 'ship=(?P<s>\w+)', event_type: log, field_mappings: { s: session_id } }
`,
  'own.yaml',
);
const rules = loadRules(config);

function explained(...lines: string[]) {
  const nowMs = Date.UTC(2026, 5, 1);
  const parser = new LineParser({
    codec: localCodec(),
    rules,
    settings: settingsOf(config),
    nowMs,
    explain: true,
  });
  return [...lines.flatMap((line) => parser.take(Buffer.from(line))), ...parser.end()];
}

it('tells rule, captures, wrappers, what the stream has shown, and what came close', () => {
  const [dark, watch, light] = explained(
    'light 4',
    '2026-02-03T04:05:06Z INFO watch second ship=gull',
    'light four',
  ).map((line) => line.explain!);
  expect(dark).toMatchObject({ line: 1, rule_origin: null, tags: [] });
  expect(dark!.near_misses).toMatchObject([
    {
      rule: 'light',
      detail: { kind: 'context', missing: ['night'] },
      reason: 'matches, but the stream lacks night',
    },
  ]);
  expect(watch).toMatchObject({
    text: 'watch second ship=gull',
    captures: { who: 'second' },
    extracted: [{ rule: 'id_extraction', captures: { s: 'gull' } }],
    wrappers: { level: 'INFO', time: '2026-02-03T04:05:06.000Z' },
    strategy: 2,
    near_misses: [],
  });
  expect(watch!.rule_version).toMatch(/^[0-9a-f]{12}$/);
  expect(light).toMatchObject({ tags: ['night'], near_misses: [{ detail: { kind: 'pattern' } }] });
});

it('shows the same to people, without what says nothing', () => {
  const [first] = explained('2026-02-03T04:05:06Z INFO watch second');
  const shown = renderExplained(first!).split('\n');
  expect(shown[0]).toMatch(/^1 {2}decision · watch · config\.yaml:\d+ · priority 1000$/);
  expect(shown).toContain('    captures   who=second');
  expect(shown.join('\n')).not.toContain('extracted');
});

it('explains a refused line by its reason', () => {
  const [refused] = explained('{"timestamp":"soon","properties":{}}');
  expect(renderExplained(refused!)).toContain('INVALID_EVENT');
});
