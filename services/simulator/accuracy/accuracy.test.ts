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
  'agent-only-many-streams': 0.7,
  'agent-only-one-stream-json': 0.67,
  'agent-only-one-stream': 0.36,
  'container-half-ids-json': 0.75,
  'container-half-ids': 0.61,
  'container-logger-ids': 0.66,
  'container-no-ids': 0.85,
  'ids-everywhere': 0.98,
  'lambda-json': 0.98,
  lambda: 0.98,
  messy: 0.84,
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
