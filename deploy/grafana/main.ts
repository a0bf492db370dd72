import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { DASHBOARDS } from './dashboards.js';
import { render } from './panel.js';

/** Writes the dashboards as Grafana imports them: `npm run docs:dashboards`. */
for (const [file, dashboard] of Object.entries(DASHBOARDS))
  writeFileSync(
    join(projectRoot(), 'deploy/grafana/dashboards', file),
    `${JSON.stringify(render(dashboard), null, 2)}\n`,
  );
