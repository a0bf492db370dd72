import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../lib/config/root.js';
import { DASHBOARDS } from './dashboards.js';
import { render } from './panel.js';

const folder = join(projectRoot(), 'deploy/grafana');

describe('the dashboards', () => {
  it('are all there, and no others', () => {
    expect(readdirSync(join(folder, 'dashboards')).sort()).toEqual(Object.keys(DASHBOARDS).sort());
  });

  it.each(Object.entries(DASHBOARDS))(
    '%s is what its description renders: npm run docs:dashboards',
    (file, dashboard) => {
      expect(JSON.parse(readFileSync(join(folder, 'dashboards', file), 'utf8'))).toEqual(render(dashboard));
    },
  );

  it.each(Object.entries(DASHBOARDS))(
    '%s has panels that do not overlap, each with a text',
    (_, dashboard) => {
      const { panels } = render(dashboard) as {
        panels: {
          id: number;
          type: string;
          description?: string;
          gridPos: Record<'x' | 'y' | 'w' | 'h', number>;
        }[];
      };
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const taken = new Set<string>();
      for (const { type, description, gridPos } of panels) {
        if (type !== 'row') expect(description?.length).toBeGreaterThan(10);
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x}/${y}`)).toBe(false);
            taken.add(`${x}/${y}`);
          }
      }
    },
  );

  it('are provisioned from the folder that Compose mounts, over the data source that they ask for', () => {
    const read = (path: string) => parse(readFileSync(join(folder, 'provisioning', path), 'utf8'));
    const compose = parse(readFileSync(join(projectRoot(), 'docker-compose.yml'), 'utf8'), { merge: true });
    const mounts = compose.services.grafana.volumes as string[];
    const { path } = read('dashboards/vectadb.yml').providers[0].options;
    expect(mounts).toContain(`./deploy/grafana/dashboards:${path}:ro`);
    expect(mounts).toContain('./deploy/grafana/provisioning:/etc/grafana/provisioning:ro');
    expect(read('datasources/prometheus.yml').datasources[0]).toMatchObject({
      type: 'prometheus',
      url: 'http://prometheus:9090',
    });
  });
});
