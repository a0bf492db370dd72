import { SimpleGrid, Text } from '@mantine/core';
import { costText } from '../../../../lib/model/cost/cost-text.js';
import { useStats } from '../api/queries.js';
import type { CoverageStats, ErrorStats, LatencyStats, UsageStats } from '../api/types.js';
import { typeText } from '../parts/event-kind.js';
import { countText, durationText, momentText, percentText } from '../parts/format.js';
import { Failure, Loading } from '../parts/states.js';
import { agentName } from '../traces/trace-list.js';
import { Figure } from './figure.js';
import { sumsByModel, totalOf } from './model-sums.js';
import classes from './overview.module.css';
import { Ranking } from './ranking.js';

/** What the server counts of the events of a period: errors, coverage and cost as figures. */
export function EventFigures({ from }: { from: string | null }) {
  const errors = useStats<ErrorStats>('errors', from);
  const coverage = useStats<CoverageStats>('coverage', from);
  const usage = useStats<UsageStats>('usage', from);
  const total = usage.data && totalOf(usage.data.usage);
  return (
    <>
      <Figure
        label="Events"
        value={errors.data ? countText(errors.data.events) : '…'}
        more={errors.data ? `${percentText(errors.data.rate)} errors` : ''}
        isBad={errors.isError}
      />
      <Figure
        label="Understood"
        value={coverage.data?.rate == null ? '–' : percentText(coverage.data.rate)}
        more={coverage.data ? `${countText(coverage.data.unparsed)} kept as they are` : ''}
        to="/patterns"
      />
      <Figure
        label="Cost"
        value={total ? costText(total.usd, total.isLeast) : '…'}
        more={total ? `${countText(total.tokens)} tokens` : ''}
      />
    </>
  );
}

const ms = (value: number | null): string => (value === null ? '–' : durationText(value));
const some = (count: number): string => (count > 0 ? countText(count) : '–');

/** Latencies, errors and what is not understood, one table each. */
export function EventTables({ from }: { from: string | null }) {
  const latency = useStats<LatencyStats>('latency', from);
  const errors = useStats<ErrorStats>('errors', from);
  const usage = useStats<UsageStats>('usage', from);
  const coverage = useStats<CoverageStats>('coverage', from);
  const all = [latency, errors, usage, coverage];
  const failed = all.find(({ isError }) => isError);
  if (failed) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!latency.data || !errors.data || !usage.data || !coverage.data) return <Loading what="Counting" />;
  const models = sumsByModel(usage.data.usage);
  const reached = latency.data.reached ?? errors.data.reached;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={0}>
      {reached && (
        <Text c="dimmed" fz="xs" className={classes.reached}>
          There are more events than are counted at once: these are the newest, back to {momentText(reached)}.
        </Text>
      )}
      <Ranking
        title="Tools"
        empty="No event called a tool."
        head={['Calls', 'Failed', 'P50', 'P95', 'P99']}
        rows={latency.data.tools.map(({ name, calls, errors: bad, p50, p95, p99 }) => ({
          name,
          part: p95 ?? 0,
          cells: [countText(calls), some(bad), ms(p50), ms(p95), ms(p99)],
          ...(bad > 0 ? { bad: 1 } : {}),
        }))}
      />
      <Ranking
        title="Models"
        empty="No event named a model."
        head={['Calls', 'Failed', 'P50', 'P95', 'Tokens', 'Cost']}
        rows={latency.data.models.map(({ name, calls, errors: bad, p50, p95 }) => {
          const sums = models.get(name);
          return {
            name,
            part: p95 ?? 0,
            cells: [
              countText(calls),
              some(bad),
              ms(p50),
              ms(p95),
              sums ? countText(sums.tokens) : '–',
              sums?.usd == null ? '–' : costText(sums.usd, sums.isLeast),
            ],
            ...(bad > 0 ? { bad: 1 } : {}),
          };
        })}
      />
      <Ranking
        title="Errors by type"
        empty="No event is an error."
        head={['Events', 'Errors', 'Rate']}
        rows={errors.data.types
          .filter(({ errors: bad }) => bad > 0)
          .map(({ event_type, events, errors: bad, rate }) => ({
            name: typeText(event_type),
            part: bad,
            cells: [countText(events), countText(bad), percentText(rate)],
          }))}
      />
      <Ranking
        title="Not understood, by agent"
        empty="Every event is understood."
        head={['Events', 'Not', 'Understood']}
        rows={coverage.data.agents
          .filter(({ unparsed }) => unparsed > 0)
          .map(({ agent_id, events, unparsed }) => ({
            name: agent_id === null ? 'without an agent' : agentName(agent_id),
            part: unparsed,
            cells: [countText(events), countText(unparsed), percentText(1 - unparsed / events)],
          }))}
      />
    </SimpleGrid>
  );
}
