import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { API_ERROR_KINDS } from './core/api-error.js';
import type { Lane } from './core/lanes.js';

/** What the poller counts. Groups are labelled `account/region/name`. */
export class PollerMetrics {
  private readonly fetchedEvents;
  private readonly delivered;
  private readonly duplicates;
  private readonly lateEvents;
  private readonly beyond;
  private readonly outside;
  private readonly calls;
  private readonly answers;
  private readonly failures;
  private readonly throttles;
  private readonly cycles;
  private readonly intervals;
  private readonly loads;
  private readonly delays;
  private succeeded = 0;
  private ended = 0;

  /** @param targets accounts and regions: their counters are there before the first call. */
  constructor(registry: Registry, targets: readonly string[]) {
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Counter({ name: `vectadb_cloudwatch_${name}_total`, help, labelNames, registers });
    this.fetchedEvents = counter('events_fetched', 'Events that CloudWatch gave, repeated ones included', [
      'group',
      'lane',
    ]);
    this.delivered = counter('events_delivered', 'Events committed to raw-logs', ['group']);
    this.duplicates = counter('events_duplicate', 'Events left out because they are in raw-logs already', [
      'group',
    ]);
    this.lateEvents = counter(
      'events_late',
      'Delivered events that became visible when the fast lane had passed their time',
      ['group'],
    );
    this.beyond = counter(
      'events_beyond_lookback',
      'Delivered events that CloudWatch took later than the lookback after their time; more of them may be missing',
      ['group'],
    );
    this.outside = counter('events_outside', 'Events outside of the range that was asked for, left out', [
      'group',
    ]);
    this.calls = counter('api_calls', 'Calls of the CloudWatch Logs API', ['target', 'operation']);
    this.answers = new Histogram({
      name: 'vectadb_cloudwatch_api_duration_seconds',
      help: 'From a call to the end of its answer, failed calls included; a page waits for the one before it to be delivered',
      labelNames: ['target', 'operation'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.failures = counter('api_failures', 'Calls that failed, by what the failure means', [
      'target',
      'kind',
    ]);
    this.throttles = counter('throttles', 'Calls refused because the quota was used up', ['target']);
    this.cycles = counter('cycles', 'Ranges read to their end, or not', ['group', 'lane', 'outcome']);
    this.loads = counter(
      'seen_records_loaded',
      'Records of seen ids read back from cloudwatch-checkpoints',
      [],
    );
    this.intervals = new Gauge({
      name: 'vectadb_cloudwatch_poll_interval_seconds',
      help: 'From the end of one pass of the fast lane to the end of the next, as it came out',
      labelNames: ['group'],
      registers,
    });
    this.delays = new Histogram({
      name: 'vectadb_cloudwatch_delay_seconds',
      help: 'From the time of an event to its commit in raw-logs',
      buckets: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200],
      registers,
    });
    for (const target of targets) {
      this.throttles.inc({ target }, 0);
      for (const kind of API_ERROR_KINDS) this.failures.inc({ target, kind }, 0);
    }
    const self = this;
    new Gauge({
      name: 'vectadb_cloudwatch_cycle_success_ratio',
      help: 'Share of the ranges since the start that could be read to their end; 1 before the first',
      registers,
      collect() {
        this.set(self.ended === 0 ? 1 : self.succeeded / self.ended);
      },
    });
  }

  fetched(group: string, lane: Lane, events: number): void {
    this.fetchedEvents.inc({ group, lane }, events);
  }

  /** A page whose new events are committed. */
  committed(
    group: string,
    page: { delivered: number; duplicates: number; late: number; beyondLookback: number; outside: number },
  ): void {
    this.delivered.inc({ group }, page.delivered);
    this.duplicates.inc({ group }, page.duplicates);
    this.lateEvents.inc({ group }, page.late);
    this.beyond.inc({ group }, page.beyondLookback);
    this.outside.inc({ group }, page.outside);
  }

  idsLoaded(): void {
    this.loads.inc();
  }

  delay(seconds: number): void {
    this.delays.observe(Math.max(0, seconds));
  }

  /** A call begins; the function returned says that its answer has been read. */
  call(target: string, operation: string): () => void {
    this.calls.inc({ target, operation });
    return this.answers.startTimer({ target, operation });
  }

  failedCall(target: string, kind: string): void {
    this.failures.inc({ target, kind });
    if (kind === 'throttled') this.throttles.inc({ target });
  }

  cycle(group: string, lane: Lane, succeeded: boolean): void {
    this.cycles.inc({ group, lane, outcome: succeeded ? 'succeeded' : 'failed' });
    this.ended++;
    if (succeeded) this.succeeded++;
  }

  interval(group: string, seconds: number): void {
    this.intervals.set({ group }, seconds);
  }
}
