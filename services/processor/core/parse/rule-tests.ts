import type { RuleSet } from '../rules/rule-set.js';
import type { CompiledRule, RuleTest } from '../rules/rule-types.js';
import { type Reading, readRecord } from './reading.js';

/** What of a sample line came out otherwise than its rule's `tests` say. */
export interface SampleFault {
  rule: CompiledRule;
  sample: RuleTest;
  /** `rule`, or the name of an expected value. */
  what: string;
  expected: string;
  got: string;
}

/**
 * Reads a rule's sample line as the rules would, on a stream that shows the tags the rule requires, and compares: the rule
 * itself must decide (or, where it only extracts, match), and each expected value must be there. `expect: null` means
 * that this rule must not decide the line.
 */
export function sampleFaults(rule: CompiledRule, sample: RuleTest, rules: RuleSet): SampleFault[] {
  const reading = readRecord(sample.line, rules, rule.requires);
  const fault = (what: string, expected: string, got: string): SampleFault[] => [
    { rule, sample, what, expected, got },
  ];
  const decides = rule.extract ? extracts(rule, reading) : reading.rule?.name === rule.name;
  if (sample.expect === null) return decides ? fault('rule', `not ${rule.name}`, rule.name) : [];
  if (!decides) return fault('rule', rule.name, reading.ruleName ?? 'none');
  return Object.entries(sample.expect ?? {}).flatMap(([name, value]) => {
    const expected = said(value);
    const got = said(valueIn(reading, name));
    return got === expected ? [] : fault(name, expected, got);
  });
}

function extracts(rule: CompiledRule, { unwrapped, properties }: Reading): boolean {
  const texts = [unwrapped.whole, typeof properties.text === 'string' ? properties.text : ''];
  return texts.some((text) => rule.pattern?.test(text));
}

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

/** YAML writes a number and its text alike. */
const said = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
