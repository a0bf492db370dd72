import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How a request ended: `refused` is the store's word on the request, `unavailable` says that there was none. */
export type RequestOutcome = 'ok' | 'refused' | 'unavailable';

/** Wraps every request to a store. */
export type StoreWatch = <T>(request: () => Promise<T>) => Promise<T>;

export interface StoreMetricsOptions {
  store: 'surrealdb' | 'qdrant';
  outcomeOf: (error: unknown) => Exclude<RequestOutcome, 'ok'>;
  /** Whether the store can be used now; left out: whether it answered the last request. */
  up?: () => boolean;
}

/** A store as its client sees it: use of its connections, time to answer, failures. Same names in every service. */
export class StoreMetrics {
  private readonly durations;
  private readonly inFlight;
  private readonly ups;
  private readonly failures;

  constructor(registry: Registry) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'vectadb_store_request_duration_seconds',
      help: 'Time from a request to a store to its answer, seconds',
      labelNames: ['store'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.inFlight = new Gauge({
      name: 'vectadb_store_requests_in_flight',
      help: 'Requests to a store that are under way',
      labelNames: ['store'],
      registers,
    });
    this.failures = new Counter({
      name: 'vectadb_store_request_failures_total',
      help: 'Requests to a store that failed: refused by it, or unavailable',
      labelNames: ['store', 'outcome'],
      registers,
    });
    const ups: { store: string; up: () => boolean }[] = [];
    new Gauge({
      name: 'vectadb_store_up',
      help: '1 while the store answers, else 0',
      labelNames: ['store'],
      registers,
      collect() {
        for (const { store, up } of ups) this.set({ store }, up() ? 1 : 0);
      },
    });
    this.ups = ups;
  }

  /** @returns what every request to `store` goes through. */
  watch({ store, outcomeOf, up }: StoreMetricsOptions): StoreWatch {
    let answered = true;
    this.ups.push({ store, up: up ?? (() => answered) });
    this.inFlight.set({ store }, 0);
    for (const outcome of ['refused', 'unavailable']) this.failures.inc({ store, outcome }, 0);
    return async (request) => {
      this.inFlight.inc({ store });
      const stop = this.durations.startTimer({ store });
      try {
        const answer = await request();
        answered = true;
        return answer;
      } catch (error) {
        const outcome = outcomeOf(error);
        answered = outcome !== 'unavailable';
        this.failures.inc({ store, outcome });
        throw error;
      } finally {
        stop();
        this.inFlight.dec({ store });
      }
    };
  }
}
