import { describe, expect, it } from 'vitest';
import { loadScenario, scenarioFiles } from '../labelled/scenario.js';
import { measure } from './measure.js';

/** Part of each worker's runs. */
const SCALE = 0.3;
const SEED = 1;

/**
 * B-cubed F1 below which a scenario may not fall, just under what is reached. The lines are the same on every machine; a floor
 * goes up with what is reached, and down only with a reason.
 */
const FLOORS: Record<string, number> = {
  'agent-only-many-streams-calm': 0.99,
  'agent-only-many-streams': 0.88,
  'agent-only-one-stream-calm': 0.99,
  'agent-only-one-stream-json-calm': 0.97,
  'agent-only-one-stream-json': 0.91,
  'agent-only-one-stream': 0.85,
  'container-half-ids-calm': 0.97,
  'container-half-ids-json-calm': 0.99,
  'container-half-ids-json': 0.93,
  'container-half-ids': 0.95,
  'container-logger-ids': 0.81,
  'container-no-ids': 0.98,
  'ids-everywhere': 0.99,
  'lambda-json': 0.99,
  lambda: 0.99,
  messy: 0.97,
};

describe('lines find their traces', () => {
  it.each(scenarioFiles())(
    '$name',
    ({ name, path }) => {
      const { score, scored } = measure(loadScenario(path), SEED, SCALE).measured;
      expect(scored).toBeGreaterThan(100);
      expect(score.f1, `floor of ${name}`).toBeGreaterThanOrEqual(FLOORS[name]!);
    },
    60_000,
  );
});
