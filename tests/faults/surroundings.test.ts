import { SmallDisk } from '../pipeline/small-disk.js';
import { BROKER_ROWS } from './rows/broker.js';
import { DISK_ROWS } from './rows/disk.js';
import { NETWORK_ROWS } from './rows/network.js';
import { STORE_ROWS } from './rows/stores.js';
import { STORM_ROWS } from './rows/storm.js';
import { ZOMBIE_ROWS } from './rows/zombies.js';
import { shortTrials } from './short.js';

shortTrials(
  'what everything stands on',
  [...STORE_ROWS, ...NETWORK_ROWS, ...BROKER_ROWS, ...DISK_ROWS, ...STORM_ROWS, ...ZOMBIE_ROWS],
  { proxied: ['kafka', 'surreal', 'qdrant'], kafkaDiskMb: SmallDisk.isPossible ? 1_500 : undefined },
);
