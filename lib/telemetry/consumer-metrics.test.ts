import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { type ConsumerView, exposeConsumers } from './consumer-metrics.js';

const NOW_MS = 1_800_000_000_000;
const at = (
  partition: number,
  over: Partial<ConsumerView['partitions'][number]> = {},
): ConsumerView['partitions'][number] => ({
  topic: 't',
  partition,
  state: 'running',
  lag: 0,
  waitingSinceMs: null,
  ...over,
});

async function linesOf(...views: ConsumerView[]): Promise<string[]> {
  const registry = new Registry();
  exposeConsumers(
    registry,
    () => views,
    () => NOW_MS,
  );
  return (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
}

it('shows membership, partitions by state, and lag in records and in seconds', async () => {
  const partitions = [
    at(0),
    at(1, { lag: 7, waitingSinceMs: NOW_MS - 2_500 }),
    at(2, { state: 'failing', lag: -1, waitingSinceMs: NOW_MS + 3_000 }),
  ];
  expect(await linesOf({ group: 'g', joined: true, inputError: null, partitions })).toEqual([
    'vectadb_consumer_joined{group="g"} 1',
    'vectadb_consumer_reading{group="g"} 1',
    'vectadb_consumer_partitions{group="g",state="running"} 2',
    'vectadb_consumer_partitions{group="g",state="acquiring"} 0',
    'vectadb_consumer_partitions{group="g",state="failing"} 1',
    'vectadb_consumer_lag_records{group="g",topic="t",partition="0"} 0',
    'vectadb_consumer_lag_records{group="g",topic="t",partition="1"} 7',
    'vectadb_consumer_lag_seconds{group="g",topic="t",partition="0"} 0',
    'vectadb_consumer_lag_seconds{group="g",topic="t",partition="1"} 2.5',
    // a clock that runs ahead of ours makes no negative age
    'vectadb_consumer_lag_seconds{group="g",topic="t",partition="2"} 0',
  ]);
});

it('says who is in no group and who hears nothing from Kafka, side by side with who is well', async () => {
  const lines = await linesOf(
    { group: 'out', joined: false, inputError: 'connection refused', partitions: [] },
    { group: 'in', joined: true, inputError: null, partitions: [at(0)] },
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      'vectadb_consumer_joined{group="out"} 0',
      'vectadb_consumer_reading{group="out"} 0',
      'vectadb_consumer_joined{group="in"} 1',
      'vectadb_consumer_reading{group="in"} 1',
    ]),
  );
});
