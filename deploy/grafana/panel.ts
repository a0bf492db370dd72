/** What a panel shows: PromQL with the legend of its series. `$service` and the like are variables of Grafana. */
export interface Query {
  expr: string;
  legend: string;
}

export type Unit = 'short' | 's' | 'bytes' | 'ops' | 'reqps' | 'percentunit' | 'bool_on_off' | 'none';

export interface Panel {
  title: string;
  /** What the reader learns, and what is bad. */
  description: string;
  kind: 'timeseries' | 'stat' | 'table';
  unit: Unit;
  queries: Query[];
  /** Of 24 columns. */
  width: number;
  /** Values from which a stat turns yellow and red. */
  thresholds?: { warn: number; bad: number };
  /** Below the thresholds is bad. */
  lowIsBad?: boolean;
}

export interface Row {
  title: string;
  panels: Panel[];
}

export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  rows: Row[];
}

const PERCENTILES = [0.5, 0.95, 0.99];

/** P50, P95 and P99 of a histogram, per `by` labels. */
export const percentiles = (histogram: string, by: string[] = [], matchers = ''): Query[] =>
  PERCENTILES.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (${[...by, 'le'].join(', ')}) (rate(${histogram}_bucket${matchers}[$__rate_interval])))`,
    legend: `p${quantile * 100}${by.map((label) => ` {{${label}}}`).join('')}`,
  }));

/** Events a second of a counter, per `by` labels. */
export const rate = (counter: string, by: string[] = [], matchers = ''): Query => ({
  expr: `sum${by.length > 0 ? ` by (${by.join(', ')})` : ''} (rate(${counter}${matchers}[$__rate_interval]))`,
  legend: by.length > 0 ? by.map((label) => `{{${label}}}`).join(' ') : counter,
});

export const graph = (
  title: string,
  description: string,
  unit: Unit,
  queries: Query[],
  width = 8,
): Panel => ({ title, description, kind: 'timeseries', unit, queries, width });

export const stat = (
  title: string,
  description: string,
  unit: Unit,
  query: Query,
  thresholds: { warn: number; bad: number },
  lowIsBad = false,
): Panel => ({
  title,
  description,
  kind: 'stat',
  unit,
  queries: [query],
  width: 4,
  thresholds,
  lowIsBad,
});

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const COLUMNS = 24;
const PANEL_HEIGHT = { timeseries: 8, stat: 4, table: 8 };

/** A dashboard as Grafana 10 and newer import it (schema 39). Ids and places follow from the order, so that it can be compared. */
export function render({ uid, title, description, rows }: Dashboard): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const h = PANEL_HEIGHT[panel.kind];
      panels.push(renderPanel(panel, panels.length + 1, { h, w: panel.width, x, y }));
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return {
    uid,
    title,
    description,
    tags: ['vectadb'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Prometheus',
          type: 'datasource',
          query: 'prometheus',
          current: {},
          hide: 0,
        },
      ],
    },
    annotations: { list: [] },
    links: [{ type: 'dashboards', title: 'VectaDB', tags: ['vectadb'], asDropdown: true, keepTime: true }],
    panels,
  };
}

function renderPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, description, kind, unit, queries, thresholds, lowIsBad = false } = panel;
  const steps = thresholds
    ? [
        { color: lowIsBad ? 'red' : 'green', value: null },
        { color: 'yellow', value: lowIsBad ? thresholds.bad : thresholds.warn },
        { color: lowIsBad ? 'green' : 'red', value: lowIsBad ? thresholds.warn : thresholds.bad },
      ]
    : [{ color: 'green', value: null }];
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? {} : { instant: true, range: false }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        ...(kind === 'timeseries' ? { custom: { lineWidth: 1, fillOpacity: 8, showPoints: 'never' } } : {}),
      },
      overrides: [],
    },
    options: OPTIONS[kind],
  };
}

const OPTIONS = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom' },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  stat: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background', graphMode: 'none' },
  table: { showHeader: true },
};
