// Writes docs/fault-matrix.md: npm run docs:faults
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { reportOf } from './report.js';
import { RESULTS, readResults } from './results.js';
import { ROWS } from './rows/index.js';

writeFileSync(join(projectRoot(), 'docs/fault-matrix.md'), reportOf(ROWS, readResults(RESULTS)));
