import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FlowTotals } from './core/flow.js';
import type { FlowReport } from './flow.js';

export interface GatewayMetrics {
  readonly registry: Registry;
  ingested(route: 'events' | 'batch' | 'logs', stored: number, refused: number): void;
  /** `route` is the pattern, never the path itself: its values stay few. */
  answered(method: string, route: string, status: number, seconds: number): void;
  /** What Kafka took, or did not, of one request. */
  produced(seconds: number, succeeded: boolean): void;
  /** Reads a value each time the metrics are asked for. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** As {@link GatewayMetrics.gauge}, of something that only grows. */
  counter(name: string, help: string, read: () => number): void;
  /** Shows the last measurement; nothing while there is none. */
  flow(read: () => FlowReport | null): void;
}

const OUTCOMES = ['accepted', 'stored', 'dead_lettered', 'in_flight', 'unaccounted', 'duplicates'] as const;

export function gatewayMetrics(registry: Registry): GatewayMetrics {
  const events = new Counter({
    name: 'vectadb_gateway_events_total',
    help: 'Events and lines received, by route and by what became of them (stored, refused)',
    labelNames: ['route', 'outcome'],
    registers: [registry],
  });
  const requests = new Histogram({
    name: 'vectadb_gateway_request_duration_seconds',
    help: 'Time from request to answer, seconds',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  for (const route of ['events', 'batch', 'logs'])
    for (const outcome of ['stored', 'refused']) events.inc({ route, outcome }, 0);
  const produced = new Histogram({
    name: 'vectadb_gateway_produce_duration_seconds',
    help: 'From events in hand to the acknowledgement of Kafka (acks=all), or to its failure',
    labelNames: ['outcome'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  for (const outcome of ['stored', 'failed']) produced.zero({ outcome });
  return {
    registry,
    ingested(route, stored, refused) {
      if (stored > 0) events.inc({ route, outcome: 'stored' }, stored);
      if (refused > 0) events.inc({ route, outcome: 'refused' }, refused);
    },
    answered: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    flow(read) {
      new Gauge({
        name: 'vectadb_flow_events',
        help:
          'Events by the hour of append time in raw-logs (this one, the one before, the last 24) and by what became of them; ' +
          'accepted = stored + dead_lettered + in_flight + unaccounted',
        labelNames: ['hours', 'outcome'],
        registers: [registry],
        collect() {
          this.reset();
          const report = read();
          if (report === null) return;
          const [current, previous] = report.hours;
          const windows: [string, FlowTotals | undefined][] = [
            ['current', current],
            ['previous', previous],
            ['24', report.total],
          ];
          for (const [hours, totals] of windows)
            for (const outcome of OUTCOMES) if (totals) this.set({ hours, outcome }, totals[outcome]);
        },
      });
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          this.set(await read());
        },
      });
    },
    produced: (seconds, succeeded) => produced.observe({ outcome: succeeded ? 'stored' : 'failed' }, seconds),
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
  };
}
