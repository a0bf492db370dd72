import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.js';
import { cacheFolder } from '../../deploy/local/home.js';
import { installPrometheus } from '../../deploy/local/prometheus.js';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { type Family, metricsOf, readExposition } from '../observability/exposition.js';
import { isDefault, metricsTable } from '../observability/metrics-table.js';
import { TestPrometheus } from '../observability/prometheus.js';
import { mint } from '../pipeline/oracle.js';
import { API_KEY, LOG_GROUP, Pipeline } from '../pipeline/pipeline.js';

const DOCS = join(projectRoot(), 'docs/metrics.md');
const SERVICES = ['gateway', 'processor', 'surreal-sink', 'qdrant-sink', 'cloudwatch-poller'] as const;

const prometheusProgram = await installPrometheus(cacheFolder(), (message) => console.error(message));
if (!prometheusProgram) console.error('no Prometheus on PATH and no apt to get it with: queries are not run');

interface Rule {
  alert: string;
  expr: string;
}
const alerts = (
  parse(readFileSync(join(projectRoot(), 'deploy/prometheus/alerts.yml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  }
).groups.flatMap(({ rules }) => rules);
const panels = Object.values(DASHBOARDS).flatMap(({ title, rows }) =>
  rows.flatMap((row) =>
    row.panels.flatMap((panel) =>
      panel.queries.map(({ expr }) => ({ name: `${title} / ${panel.title}`, expr })),
    ),
  ),
);

let pipeline: Pipeline;
/** Service → what it exports. */
let exported: Map<string, Map<string, Family>>;

const serviceOf = (name: string) => pipeline.named(name)[0]!.service;

/** Something of everything: events by each way in, a poisoned record, a line by CloudWatch, a search, a list. */
async function use(): Promise<void> {
  const api = (path: string, body?: object | string) =>
    fetch(`${pipeline.gatewayUrl}/api/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
  await pipeline.sendHttp(mint(1, 60, 6, Date.now()));
  await pipeline.sendRaw(mint(2, 20, 2, Date.now()));
  await api('events', mint(3, 1, 1, Date.now())[0]!);
  await api(
    'logs?system=file&log_stream=a',
    `Thought: is it well?\nAction: look with AKIA${'IOSFODNN7EXAMPL2'}\n`,
  );
  await pipeline.cloudWatch!.put(LOG_GROUP, 'agent', [
    { timestampMs: Date.now(), message: 'Thought: what does the dashboard say?' },
  ]);
  await api('search', { query: 'is it well' });
  await api('traces');
}

async function scrape(): Promise<Map<string, Map<string, Family>>> {
  const answers = await Promise.all(
    SERVICES.map(async (name) => {
      const response = await fetch(`${serviceOf(name).url}/metrics`);
      return [name, readExposition(await response.text())] as const;
    }),
  );
  return new Map(answers);
}

const countOf = async (name: string, metric: string): Promise<number> => {
  const text = await (await fetch(`${serviceOf(name).url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
};

beforeAll(async () => {
  pipeline = await Pipeline.start({ poller: true });
  await use();
  const stored = async (name: string, metric: string) => (await countOf(name, metric)) >= 84;
  await waitFor(
    'all events in both stores',
    async () =>
      (await stored('surreal-sink', 'vectadb_event_delay_seconds_count')) &&
      (await stored('qdrant-sink', 'vectadb_event_delay_seconds_count')),
    { limitMs: 60_000 },
  );
  // the balance of what was accepted is drawn up from time to time
  await waitFor('the flow', async () => (await countOf('gateway', 'vectadb_flow_events')) > 0, {
    limitMs: 60_000,
    everyMs: 500,
  });
  exported = await scrape();
});

afterAll(async () => {
  await pipeline?.stop();
});

describe('what services export', () => {
  it('is what dashboards and alerts ask for', () => {
    const there = new Set(
      [...exported.values()].flatMap((families) =>
        [...families.values()].filter(({ samples }) => samples > 0).map(({ name }) => name),
      ),
    );
    const dead = [...panels, ...alerts.map(({ alert, expr }) => ({ name: alert, expr }))].flatMap(
      ({ name, expr }) =>
        metricsOf(expr)
          .filter((metric) => !there.has(metric))
          .map((metric) => `${name}: ${metric}`),
    );
    expect(dead).toEqual([]);
  });

  it('is named as Prometheus has it: base units, _total for counters, and a text', () => {
    for (const [service, families] of exported) {
      for (const { name, type, help } of families.values()) {
        if (isDefault(name)) continue;
        const where = `${service}: ${name}`;
        expect(name, where).toMatch(/^vectadb_[a-z0-9_]+$/);
        expect(name, where).not.toMatch(/_(ms|millis|kb|mb|percent)(_|$)/);
        expect(name.endsWith('_total'), where).toBe(type === 'counter');
        if (type === 'histogram') expect(name, where).toMatch(/_seconds$/);
        expect(help.length, where).toBeGreaterThan(10);
      }
    }
  });

  it('is what docs/metrics.md says: npm run docs:metrics', () => {
    const table = metricsTable(exported);
    const text = readFileSync(DOCS, 'utf8');
    const [before, , after] = text.split(/<!-- (?:table|end of table) -->\n/);
    if (process.env.DOCS_METRICS)
      writeFileSync(DOCS, `${before}<!-- table -->\n${table}\n<!-- end of table -->\n${after}`);
    expect(readFileSync(DOCS, 'utf8')).toContain(table);
  });

  it('says that the system is well: in every group, nothing waits, nothing failed', async () => {
    await waitFor('lag 0', async () => (await countOf('processor', 'vectadb_consumer_lag_seconds')) === 0, {
      limitMs: 30_000,
    });
    expect(await countOf('processor', 'vectadb_consumer_joined')).toBe(3);
    expect(await countOf('processor', 'vectadb_consumer_partitions')).toBe(18);
    expect(await countOf('surreal-sink', 'vectadb_consumer_partitions')).toBe(12);
    expect(await countOf('qdrant-sink', 'vectadb_consumer_lag_seconds')).toBe(0);
    expect(await countOf('surreal-sink', 'vectadb_store_up')).toBe(1);
    expect(await countOf('processor', 'vectadb_dead_letters_total')).toBe(0);
    expect(await countOf('cloudwatch-poller', 'vectadb_cloudwatch_events_delivered_total')).toBe(1);
  });
});

describe.skipIf(!prometheusProgram)('in Prometheus', () => {
  let prometheus: TestPrometheus;

  beforeAll(async () => {
    const targets = SERVICES.map((name) => new URL(serviceOf(name).url).host);
    prometheus = await TestPrometheus.start(prometheusProgram!.server, pipeline.stack.folder, targets);
    await waitFor(
      'two scrapes of all',
      async () => (await prometheus.series('count_over_time(up[10s]) > 2')) === 5,
      {
        limitMs: 60_000,
        everyMs: 500,
      },
    );
    await use();
  });

  afterAll(async () => {
    await prometheus?.stop();
  });

  it('every panel shows something', async () => {
    const dead: string[] = [];
    for (const { name, expr } of panels) {
      if ((await prometheus.series(expr.replaceAll('$__rate_interval', '30s'))) === 0)
        dead.push(`${name}: ${expr}`);
    }
    expect(dead).toEqual([]);
  });

  it('every rule can be evaluated, and none fires while all is well', async () => {
    await waitFor(
      'evaluated',
      async () => (await prometheus.rules()).every(({ health }) => health !== 'unknown'),
      {
        limitMs: 20_000,
      },
    );
    const rules = await prometheus.rules();
    expect(rules.map(({ name }) => name).sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
  });

  it('a store and a sink that are gone are told, and a store that is back', async () => {
    await pipeline.stack.part('surreal').kill();
    await pipeline.remove('qdrant-sink-0', 'stop');
    await pipeline.sendHttp(mint(4, 10, 1, Date.now()));
    const active = async () =>
      (await prometheus.rules()).filter(({ state }) => state !== 'inactive').map(({ name }) => name);
    await waitFor(
      'the alerts',
      async () => {
        const names = await active();
        return ['VectadbStoreDown', 'VectadbServiceDown', 'VectadbPartitionFailing'].every((name) =>
          names.includes(name),
        );
      },
      { limitMs: 60_000, everyMs: 500 },
    );
    expect(await countOf('surreal-sink', 'vectadb_consumer_lag_seconds')).toBeGreaterThan(0);
    await pipeline.stack.part('surreal').restart();
    await waitFor(
      'the store to be well again',
      async () => !(await active()).some((name) => /StoreDown|PartitionFailing/.test(name)),
      { limitMs: 60_000, everyMs: 500 },
    );
  });
});
