import { CLOUDWATCH_ROWS } from './rows/cloudwatch.js';
import { INPUT_ROWS } from './rows/inputs.js';
import { KILL_ROWS } from './rows/kills.js';
import { POINT_ROWS } from './rows/points.js';
import { POISON_ROWS } from './rows/poison.js';
import { REGISTRY_ROWS } from './rows/registry.js';
import { shortTrials } from './short.js';

shortTrials(
  'what crashes, and what comes in',
  [...KILL_ROWS, ...POINT_ROWS, ...CLOUDWATCH_ROWS, ...POISON_ROWS, ...INPUT_ROWS, ...REGISTRY_ROWS],
  { poller: true },
);
