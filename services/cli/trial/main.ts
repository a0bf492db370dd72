import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { loadAppConfig } from '../../../lib/config/app-config.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { runTrial, type Trial, trialProblem } from './trial.js';

/**
 * One trial in a process of its own, which whoever started it may end at any time. Argument: path of config.yaml. In, as JSON on standard
 * input: {@link Trial}. Out, as JSON on standard output: its result, or `{problem}`.
 */
const configPath = process.argv[2]!;
const trial = JSON.parse(await text(process.stdin)) as Trial;
const answer = (() => {
  try {
    return runTrial(trial, {
      config: loadAppConfig(configPath),
      configPath: existsSync(configPath) ? configPath : undefined,
      codec: Codec.local(loadSchemas()),
      nowMs: Date.now(),
    });
  } catch (error) {
    return { problem: trialProblem(error) };
  }
})();
process.stdout.write(JSON.stringify(answer));
