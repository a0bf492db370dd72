import type { Row } from '../row.js';
import { BROKER_ROWS } from './broker.js';
import { CLOUDWATCH_ROWS } from './cloudwatch.js';
import { DISK_ROWS } from './disk.js';
import { INPUT_ROWS } from './inputs.js';
import { KILL_ROWS } from './kills.js';
import { NETWORK_ROWS } from './network.js';
import { POINT_ROWS } from './points.js';
import { POISON_ROWS } from './poison.js';
import { REGISTRY_ROWS } from './registry.js';
import { STORE_ROWS } from './stores.js';
import { STORM_ROWS } from './storm.js';
import { ZOMBIE_ROWS } from './zombies.js';

/** The fault matrix. */
export const ROWS: Row[] = [
  ...KILL_ROWS,
  ...POINT_ROWS,
  ...CLOUDWATCH_ROWS,
  ...ZOMBIE_ROWS,
  ...BROKER_ROWS,
  ...STORM_ROWS,
  ...STORE_ROWS,
  ...DISK_ROWS,
  ...REGISTRY_ROWS,
  ...POISON_ROWS,
  ...INPUT_ROWS,
  ...NETWORK_ROWS,
];
