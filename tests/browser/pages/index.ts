import type { World } from '../world.js';
import { deadLetterTests } from './dead-letters.js';
import { keyTests } from './keys.js';
import { liveTests } from './live.js';
import { overviewTests } from './overview.js';
import { patternTests } from './patterns.js';
import { searchTests } from './search.js';
import { topicTests } from './topics.js';
import { traceTests } from './trace.js';
import { traceListTests } from './traces.js';
import { viewTests } from './views.js';

/** Every page of the console: what it shows, and what can be done on it. */
export function pageTests(world: () => World): void {
  viewTests(world);
  keyTests(world);
  traceListTests(world);
  liveTests(world);
  deadLetterTests(world);
  overviewTests(world);
  topicTests(world);
  patternTests(world);
  searchTests(world);
  traceTests(world);
}
