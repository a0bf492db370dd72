import { Gauge, type Registry } from 'prom-client';

/** One member of a consumer group, as its metrics show it. */
export interface ConsumerView {
  group: string;
  joined: boolean;
  /** Why nothing can be fetched from Kafka; null while it can. */
  inputError: string | null;
  partitions: {
    topic: string;
    partition: number;
    /** What it is doing: running, or why not. */
    state: PartitionState;
    /** Offsets up to the end; negative: not known. */
    lag: number;
    /** Append time of the oldest record known to be unprocessed, Unix milliseconds; null: none is. */
    waitingSinceMs: number | null;
  }[];
}

/** `failing`: its work was tried and is tried again. */
export type PartitionState = 'running' | 'acquiring' | 'failing';

const STATES: readonly PartitionState[] = ['running', 'acquiring', 'failing'];

/** Membership and lag of every consumer of this process, under the same names in every service; looked up when asked. */
export function exposeConsumers(
  registry: Registry,
  views: () => readonly ConsumerView[],
  now: () => number = Date.now,
): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (gauge: Gauge<L>, view: ConsumerView) => void,
  ) =>
    new Gauge({
      name: `vectadb_consumer_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const view of views()) collect(this, view);
      },
    });
  gauge('joined', '1 while it is a member of its consumer group, else 0', ['group'], (g, { group, joined }) =>
    g.set({ group }, joined ? 1 : 0),
  );
  gauge('reading', '1 while Kafka answers its fetches, else 0', ['group'], (g, { group, inputError }) =>
    g.set({ group }, inputError === null ? 1 : 0),
  );
  gauge(
    'partitions',
    'Partitions that it owns, by state: running, acquiring (restoring state), failing (tried again)',
    ['group', 'state'],
    (g, { group, partitions }) => {
      for (const state of STATES)
        g.set({ group, state }, partitions.filter((partition) => partition.state === state).length);
    },
  );
  gauge(
    'lag_records',
    'Offsets between what is processed and the end of the partition; transaction markers count',
    ['group', 'topic', 'partition'],
    (g, { group, partitions }) => {
      for (const { topic, partition, lag } of partitions)
        if (lag >= 0) g.set({ group, topic, partition }, lag);
    },
  );
  gauge(
    'lag_seconds',
    'Age of the oldest record that is appended and not processed; 0 where there is none',
    ['group', 'topic', 'partition'],
    (g, { group, partitions }) => {
      for (const { topic, partition, waitingSinceMs } of partitions)
        g.set(
          { group, topic, partition },
          waitingSinceMs === null ? 0 : Math.max(0, now() - waitingSinceMs) / 1_000,
        );
    },
  );
}
