import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Group, Select, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useNewestTraces } from '../api/queries.js';
import { clockText, countText, durationText, momentText, percentText } from '../parts/format.js';
import { PERIODS, startOf } from '../parts/period.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useNow } from '../parts/time.js';
import { Arrival } from './arrival.js';
import { EventFigures, EventTables } from './event-figures.js';
import { Figure } from './figure.js';
import { type Bucket, type Figures, figuresOf } from './figures.js';
import { Health } from './health.js';
import classes from './overview.module.css';

const MOST_TRACES = 1_000;
const DAY_MS = 86_400_000;

/** Whether all is well, and what the runs and events of a period were like. */
export function OverviewPage() {
  const [params, setParams] = useSearchParams();
  const now = useNow();
  const period = params.get('period') ?? '24h';
  const from = startOf(period, now);
  const query = useNewestTraces(from, MOST_TRACES);
  const traces = query.data?.traces;
  const figures = useMemo(() => traces && figuresOf(traces), [traces]);
  return (
    <div className={classes.page}>
      <Health />
      <Group className={classes.bar} gap="xs">
        <h2 className={classes.title}>Runs and events</h2>
        <Select
          aria-label="Period"
          w={130}
          allowDeselect={false}
          value={period}
          onChange={(value) => setParams(value ? { period: value } : {}, { replace: true })}
          data={[
            ...Object.entries(PERIODS).map(([value, { label }]) => ({ value, label })),
            { value: 'all', label: 'Any time' },
          ]}
        />
        {query.data?.next_cursor && (
          <Text c="dimmed" fz="xs">
            runs: the newest {MOST_TRACES.toLocaleString('en')}; choose a shorter period for all of one
          </Text>
        )}
      </Group>
      <div className={classes.figures}>
        <Arrival />
        {figures && <RunFigures figures={figures} />}
        <EventFigures from={from} />
      </div>
      {query.isPending ? (
        <Loading what="Counting" />
      ) : query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : figures!.runs === 0 ? (
        <Empty title="No run began in this period">Choose a longer one.</Empty>
      ) : (
        <Beginnings buckets={figures!.buckets} />
      )}
      <EventTables from={from} />
    </div>
  );
}

function RunFigures({ figures: { runs, failed, running, duration } }: { figures: Figures }) {
  return (
    <>
      <Figure label="Runs" value={countText(runs)} more={`${running} running`} to="/traces" />
      <Figure
        label="Failed"
        value={runs === 0 ? '–' : percentText(failed / runs)}
        more={`${failed} runs`}
        to="/traces?status=failed"
        isBad={failed > 0}
      />
      <Figure
        label="A run takes"
        value={duration ? durationText(duration.p50) : '–'}
        more={
          duration ? `P95 ${durationText(duration.p95)} · P99 ${durationText(duration.p99)}` : 'none ended'
        }
      />
    </>
  );
}

function Beginnings({ buckets }: { buckets: Bucket[] }) {
  return (
    <section className={classes.section}>
      <h3 className={classes.subtitle}>When runs began</h3>
      <BarChart
        h={150}
        data={buckets.map((bucket) => ({ ...bucket, at: bucketText(bucket, buckets) }))}
        dataKey="at"
        type="stacked"
        series={[
          { name: 'completed', label: 'Completed', color: 'teal.6' },
          { name: 'failed', label: 'Failed', color: 'red.6' },
          { name: 'running', label: 'Running', color: 'indigo.4' },
        ]}
        withLegend
        legendProps={{ verticalAlign: 'top', height: 28 }}
        gridAxis="x"
        tickLine="none"
        yAxisProps={{ width: 34, allowDecimals: false }}
        xAxisProps={{ minTickGap: 40 }}
        barProps={{ isAnimationActive: false, maxBarSize: 26 }}
      />
    </section>
  );
}

function bucketText(bucket: Bucket, all: Bucket[]): string {
  const iso = new Date(bucket.startMs).toISOString();
  const isLong = all.at(-1)!.startMs - all[0]!.startMs > DAY_MS;
  return isLong ? momentText(iso).slice(5, 16) : clockText(iso).slice(0, 8);
}
