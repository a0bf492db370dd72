import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../lib/telemetry/logger.js';
import { developmentApiKey } from './api-key.js';
import { components } from './components.js';
import { pidPath, serveControl, socketPath } from './control.js';
import { homeFolder } from './home.js';
import { rotateLogs } from './log-rotation.js';
import { claim } from './pid-file.js';
import { publicSettings, readSettings } from './settings.js';
import { Supervisor } from './supervisor.js';

/** Longest time for an orderly end of everything, milliseconds; what still runs then is ended by the reaper. */
const DOWN_LIMIT_MS = 60_000;
const ROTATION_EVERY_MS = 5_000;

const logger = createLogger('supervisor');
const home = homeFolder();
const logs = join(home, 'logs');
mkdirSync(logs, { recursive: true });
const place = claim(pidPath(home));
if (!place) {
  logger.info({ home }, 'another supervisor runs this home');
  process.exit(0);
}

const settings = readSettings();
const supervisor = new Supervisor(components(settings, developmentApiKey(home)), logger);
let leaving = false;

function leave(why: string): void {
  if (leaving) return;
  leaving = true;
  logger.info({ why }, 'stopping');
  const end = (code: number) => {
    rmSync(socketPath(home), { force: true });
    place?.release();
    process.exit(code);
  };
  setTimeout(() => {
    logger.error('not everything ended in time');
    end(1);
  }, DOWN_LIMIT_MS).unref();
  supervisor.stop().then(
    () => end(0),
    (error: unknown) => {
      logger.error({ error }, 'stopping failed');
      end(1);
    },
  );
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => leave(signal));
setInterval(() => {
  for (const path of rotateLogs(logs)) logger.info({ path }, 'rotated');
}, ROTATION_EVERY_MS);
await serveControl(home, supervisor, publicSettings(settings), () => leave('down'));
supervisor.start();
