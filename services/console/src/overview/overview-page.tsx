import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Group, Select, SimpleGrid, Text } from '@mantine/core';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { costText } from '../../../../lib/model/cost/cost-text.js';
import { useNewestTraces } from '../api/queries.js';
import { clockText, countText, durationText, momentText, percentText } from '../parts/format.js';
import { PERIODS, startOf } from '../parts/period.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useNow } from '../parts/time.js';
import { type Bucket, type Figures, figuresOf } from './figures.js';
import { Health } from './health.js';
import classes from './overview.module.css';

const MOST_TRACES = 1_000;
const DAY_MS = 86_400_000;

/** Whether all is well, and what the runs of a period were like. */
export function OverviewPage() {
  const [params, setParams] = useSearchParams();
  const now = useNow();
  const period = params.get('period') ?? '24h';
  const query = useNewestTraces(startOf(period, now), MOST_TRACES);
  const traces = query.data?.traces;
  const figures = useMemo(() => figuresOf(traces ?? []), [traces]);
  return (
    <div className={classes.page}>
      <Health />
      <Group className={classes.bar} gap="xs">
        <h2 className={classes.title}>Runs</h2>
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
            of the newest {MOST_TRACES.toLocaleString('en')}; choose a shorter period for all of one
          </Text>
        )}
      </Group>
      {query.isPending ? (
        <Loading what="Counting" />
      ) : query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : figures.runs === 0 ? (
        <Empty title="No run began in this period">Choose a longer one.</Empty>
      ) : (
        <RunFigures figures={figures} />
      )}
    </div>
  );
}

function RunFigures({ figures }: { figures: Figures }) {
  const { duration } = figures;
  return (
    <>
      <div className={classes.figures}>
        <Figure label="Runs" value={countText(figures.runs)} more={`${figures.running} running`} />
        <Figure
          label="Failed"
          value={percentText(figures.failed / figures.runs)}
          more={`${figures.failed} runs`}
          to="/traces?status=failed"
          isBad={figures.failed > 0}
        />
        <Figure
          label="Events"
          value={countText(figures.events)}
          more={`${countText(figures.errors)} errors`}
        />
        <Figure
          label="Understood"
          value={figures.understood === null ? '–' : percentText(figures.understood)}
          more="of the events"
          to="/patterns"
        />
        <Figure
          label="A run takes"
          value={duration ? durationText(duration.p50) : '–'}
          more={
            duration ? `P95 ${durationText(duration.p95)} · P99 ${durationText(duration.p99)}` : 'none ended'
          }
        />
        <Figure
          label="Cost"
          value={costText(figures.usd, figures.isLeast)}
          more={`${countText(figures.tokens)} tokens`}
        />
      </div>
      <section className={classes.section}>
        <h3 className={classes.subtitle}>When they began</h3>
        <BarChart
          h={150}
          data={figures.buckets.map((bucket) => ({ ...bucket, at: bucketText(bucket, figures.buckets) }))}
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
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={0}>
        <Ranking
          title="Tools"
          empty="No run called a tool."
          head={['', 'Calls', 'Failed', 'Mean']}
          rows={figures.tools.map(({ name, calls, errors, meanMs }) => ({
            name,
            part: meanMs ?? 0,
            cells: [
              countText(calls),
              errors > 0 ? countText(errors) : '–',
              meanMs === null ? '–' : durationText(meanMs),
            ],
            isBad: errors > 0,
          }))}
        />
        <Ranking
          title="Models"
          empty="No run named a model."
          head={['', 'Calls', 'Tokens', 'Cost']}
          rows={figures.models.map(({ name, calls, tokens, usd }) => ({
            name,
            part: tokens,
            cells: [countText(calls), countText(tokens), usd === null ? 'no price' : costText(usd, false)],
            isBad: false,
          }))}
        />
      </SimpleGrid>
    </>
  );
}

function bucketText(bucket: Bucket, all: Bucket[]): string {
  const iso = new Date(bucket.startMs).toISOString();
  const isLong = all.at(-1)!.startMs - all[0]!.startMs > DAY_MS;
  return isLong ? momentText(iso).slice(5, 16) : clockText(iso).slice(0, 8);
}

function Figure({
  label,
  value,
  more,
  to,
  isBad = false,
}: {
  label: string;
  value: string;
  more: string;
  to?: string;
  isBad?: boolean;
}) {
  const content = (
    <>
      <span className={classes.label}>{label}</span>
      <span className={`${classes.value} num`} data-bad={isBad || undefined}>
        {value}
      </span>
      <span className={classes.more}>{more}</span>
    </>
  );
  return to ? (
    <Link to={to} className={classes.figure}>
      {content}
    </Link>
  ) : (
    <div className={classes.figure}>{content}</div>
  );
}

const MOST_RANKED = 12;

interface Ranked {
  name: string;
  /** What its bar is as long as. */
  part: number;
  cells: string[];
  isBad: boolean;
}

function Ranking({
  title,
  empty,
  head,
  rows,
}: {
  title: string;
  empty: string;
  head: string[];
  rows: Ranked[];
}) {
  const most = Math.max(1, ...rows.map(({ part }) => part));
  return (
    <section className={classes.section}>
      <h3 className={classes.subtitle}>{title}</h3>
      {rows.length === 0 ? (
        <Text c="dimmed">{empty}</Text>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              {head.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_RANKED).map(({ name, part, cells, isBad }) => (
              <tr key={name}>
                <td className={classes.name}>
                  <span className={classes.ranked} style={{ inlineSize: `${(part / most) * 100}%` }} />
                  <span className={classes.nameText}>{name}</span>
                </td>
                {cells.map((cell, index) => (
                  <td key={head[index + 1]} className="num" data-bad={(isBad && index === 1) || undefined}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > MOST_RANKED && <Text c="dimmed">and {rows.length - MOST_RANKED} more</Text>}
    </section>
  );
}
