import type { Row } from '../row.js';
import { BROKER_ROWS } from './broker.js';
import { KILL_ROWS } from './kills.js';
import { POINT_ROWS } from './points.js';
import { STORE_ROWS } from './stores.js';
import { STORM_ROWS } from './storm.js';
import { ZOMBIE_ROWS } from './zombies.js';

/** The fault matrix. */
export const ROWS: Row[] = [
  ...KILL_ROWS,
  ...POINT_ROWS,
  ...ZOMBIE_ROWS,
  ...BROKER_ROWS,
  ...STORM_ROWS,
  ...STORE_ROWS,
];
