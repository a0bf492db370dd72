import { Sparkline } from '@mantine/charts';
import { useEffect, useRef, useState } from 'react';
import { useGroups } from '../api/queries.js';
import { countText } from '../parts/format.js';
import { arrivalRate } from './answers.js';
import { Figure } from './figure.js';

const MOST_SAMPLES = 60;

/** How much arrives, measured while the page is open. */
export function Arrival() {
  const { data, dataUpdatedAt } = useGroups(true);
  const before = useRef<{ groups: NonNullable<typeof data>['groups']; atMs: number } | null>(null);
  const [rates, setRates] = useState<number[]>([]);
  useEffect(() => {
    if (!data) return;
    const now = { groups: data.groups, atMs: dataUpdatedAt };
    const rate = before.current && arrivalRate(before.current, now);
    before.current = now;
    if (rate !== null) setRates((all) => [...all, rate].slice(-MOST_SAMPLES));
  }, [data, dataUpdatedAt]);
  const last = rates.at(-1);
  return (
    <Figure
      label="Arriving now"
      value={last === undefined ? '…' : `${rateText(last)} /s`}
      more={
        rates.length > 1 ? <Sparkline h={18} data={rates} curveType="linear" fillOpacity={0.2} /> : 'records'
      }
    />
  );
}

const rateText = (rate: number): string =>
  rate < 10 ? String(Number(rate.toFixed(1))) : countText(Math.round(rate));
