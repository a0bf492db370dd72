import { describe, expect, test } from 'vitest';
import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { type Reading, readRecord } from '../core/parse/reading.js';
import { loadRules } from './rule-files.js';

const compiled = loadRules(defaultAppConfig());
const rules = compiled.forGroup(null).rules;

/** A value of an expectation: an event field, an id, or a property. */
function valueIn(reading: Reading, name: string): unknown {
  switch (name) {
    case 'event_type':
      return reading.eventType;
    case 'framework':
      return reading.framework;
    case 'session_id':
      return reading.sessionId;
    case 'trace_id':
      return reading.traceId;
    case 'agent_id':
      return reading.agentId;
    default:
      return reading.properties[name];
  }
}

describe('each built-in rule reads its own sample lines', () => {
  const cases = compiled.global.flatMap((rule) => rule.tests.map((sample) => ({ rule, sample })));
  test.each(cases.map(({ rule, sample }) => [rule.name, rule, sample] as const))(
    '%s',
    (_name, rule, sample) => {
      const reading = readRecord(sample.line, rules, rule.requires);
      if (!rule.extract) expect(reading.rule?.name).toBe(rule.name);
      for (const [name, value] of Object.entries(sample.expect ?? {})) {
        expect(String(valueIn(reading, name)), name).toBe(String(value));
      }
    },
  );
});

test('every built-in rule but the ones told from colours has a sample line', () => {
  const without = compiled.global
    .filter((rule) => rule.tests.length === 0 && !rule.raw)
    .map(({ name }) => name);
  expect(without).toEqual([]);
});

test('names of built-in rules are unique', () => {
  const names = compiled.global.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
