// A process that measures one scenario; see workers.ts.
import { loadScenario, scenarioFiles } from '../labelled/scenario.js';
import { addErrors, noErrors } from './errors.js';
import { measure } from './measure.js';
import type { Answer, Request } from './workers.js';

process.once('message', (message) => {
  const { name, seeds, errors } = message as Request;
  const scenario = loadScenario(scenarioFiles().find((file) => file.name === name)!.path);
  const breakdown = errors ? noErrors() : null;
  const measured = seeds.map((seed) => {
    const result = measure(scenario, seed);
    if (breakdown) addErrors(breakdown, seed, result.outcomes);
    return result.measured;
  });
  process.send!({ measured, errors: breakdown } satisfies Answer, () => process.disconnect());
});
