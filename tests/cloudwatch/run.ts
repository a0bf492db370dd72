import { setTimeout as delay } from 'node:timers/promises';
import { delayOf } from '../../lib/testing/cloudwatch/faults.js';
import { compareEvents, type OracleEvent, summarize } from '../../lib/testing/cloudwatch/oracle.js';
import { clientAt, PLACES, placesConfig } from '../../lib/testing/cloudwatch/places.js';
import type { Plan, PlannedGroup, Step } from '../../lib/testing/cloudwatch/plan.js';
import { type CloudWatchProxy, startCloudWatchProxy } from '../../lib/testing/cloudwatch/proxy.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { LogWriter } from '../../services/simulator/cloudwatch/log-writer.js';
import { PollerGroup } from './poller-group.js';
import { RawLogs } from './raw-logs.js';

const MINUTE_MS = 60_000;
/** The run's clock begins so far in the past that it ends there: CloudWatch refuses what lies ahead of it. */
const BEGIN_MS = -30 * 60 * MINUTE_MS;
/** A group that no poller has stored a position for is read from the lookback's beginning: the clock creeps until it has. */
const CREEP_MS = 2 * MINUTE_MS;
const FOUND_LIMIT_MS = 20_000;
/** Longer than the time from one sweep to the next, 10 minutes. */
const SWEEP_MS = 11 * MINUTE_MS;
const DELIVERED_LIMIT_MS = 100_000;
const POLL_MS = 25;

export interface RunResult {
  put: number;
  delivered: number;
  /** Everything that is wrong, for people; empty when nothing is. */
  faults: string[];
  served: Record<string, number>;
  kills: number;
}

/** Settings that let a run end in seconds: more requests a second than AWS allows, and passes in quick succession. */
const configOf = (plan: Plan, prefix: string): Record<string, unknown> => ({
  ...placesConfig(prefix),
  poll_interval_seconds: 0.3,
  batch_size: plan.batchSize,
  cloudwatch: { requests_per_second: 500, discovery_interval_seconds: 0.5 },
});

/** Runs a plan against pollers of its own on a shared stack, and compares what they delivered with what was put. */
export async function runPlan(stack: TestStack, plan: Plan): Promise<RunResult> {
  const name = `seed-${plan.seed}-${Date.now().toString(36)}`;
  const run = new Run(stack, plan, name);
  try {
    await run.start();
    for (const step of plan.steps) await run.perform(step);
    return await run.finish();
  } finally {
    await run.stop();
  }
}

class Run {
  private readonly prefix: string;
  /** What has been made, by `account/region/name`. */
  private readonly groups = new Map<string, { name: string; writer: LogWriter }>();
  private writers: LogWriter[] = [];
  private pollers!: PollerGroup;
  private proxy!: CloudWatchProxy;
  private rawLogs!: RawLogs;
  private put = 0;

  constructor(
    private readonly stack: TestStack,
    private readonly plan: Plan,
    private readonly name: string,
  ) {
    this.prefix = `/${name}/`;
  }

  async start(): Promise<void> {
    const endpoint = this.stack.env.AWS_ENDPOINT_URL!;
    this.writers = await Promise.all(
      PLACES.map(async (place) => new LogWriter(await clientAt(endpoint, place))),
    );
    this.rawLogs = await RawLogs.open(this.stack, this.prefix);
    this.proxy = await startCloudWatchProxy({
      target: endpoint,
      seed: this.plan.seed,
      profile: this.plan.profile,
      visibility: this.plan.visibility,
      nowMs: () => this.pollers.nowMs(),
    });
    this.pollers = new PollerGroup(this.stack, {
      name: this.name,
      endpoint: this.proxy.url,
      config: configOf(this.plan, this.prefix),
      clockOffsetMs: BEGIN_MS,
    });
    this.pollers.join();
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'put':
        return this.putEvents(step);
      case 'advance':
        return this.advance(step.advanceMs);
      case 'work':
        return delay(step.realMs);
      case 'kill':
        return this.pollers.pollers[step.poller]!.kill();
      case 'stop':
        return this.pollers.pollers[step.poller]!.restart();
      case 'join':
        return void this.pollers.join();
      case 'leave':
        return this.pollers.leave(step.kill);
      case 'outage':
        this.proxy.setOutage(true);
        await delay(step.realMs);
        return this.proxy.setOutage(false);
      case 'broker-pause': {
        const kafka = this.stack.part('kafka');
        await kafka.pause();
        await delay(step.realMs);
        return kafka.resume();
      }
      case 'expired-credentials':
        return this.proxy.expireCredentials();
      case 'sts':
        this.proxy.setStsFault(step.fault);
        this.proxy.expireCredentials();
        await delay(step.realMs);
        return this.proxy.setStsFault(null);
    }
  }

  /** Waits for the last event, lets everything be read once more, by pollers that start anew, and compares. */
  async finish(): Promise<RunResult> {
    const stuck: string[] = [];
    const await_ = async (what: string, condition: () => boolean) => {
      if (!(await until(condition, DELIVERED_LIMIT_MS)))
        stuck.push(`${what} took longer than ${DELIVERED_LIMIT_MS} ms`);
    };
    await await_('finding every group', () => this.allFound());
    // all is visible then, and the next sweep is due
    this.pollers.advance(this.plan.visibility.maxDelayMs + SWEEP_MS);
    await await_(`delivering ${this.put} events`, () => this.rawLogs.events.length >= this.put);
    for (let pass = 0; pass < 2 && stuck.length === 0; pass++) {
      const before = new Map(this.proxy.rangesEnded);
      this.pollers.advance(SWEEP_MS);
      if (pass === 0) await Promise.all(this.pollers.pollers.map((poller) => poller.kill()));
      await await_('reading every group three times more', () =>
        [...this.groups.keys()].every(
          (group) => (this.proxy.rangesEnded.get(group) ?? 0) >= (before.get(group) ?? 0) + 3,
        ),
      );
    }
    const state = stuck.length > 0 ? await this.pollers.states() : [];
    await this.pollers.stop();
    await delay(200); // what the last transactions held
    const faults = compareEvents(await this.listPut(), this.rawLogs.events);
    return {
      put: this.put,
      delivered: this.rawLogs.events.length,
      faults: [
        ...stuck,
        ...summarize(faults),
        ...this.rawLogs.unreadable,
        ...new Set(this.proxy.misuses),
        ...this.pollers.unexpectedEnds(),
        ...state,
      ],
      served: { ...this.proxy.served, credentials: this.proxy.expired, sts: this.proxy.stsFaults },
      kills: this.plan.steps.filter(({ kind }) => kind === 'kill').length,
    };
  }

  async stop(): Promise<void> {
    await this.pollers?.stop();
    await this.proxy?.close();
    await this.rawLogs?.close();
  }

  private async putEvents({ group, stream, backMs }: Extract<Step, { kind: 'put' }>): Promise<void> {
    const key = this.keyOf(this.plan.groups[group]!);
    const isNew = !this.groups.has(key);
    const { place, name } = this.plan.groups[group]!;
    this.groups.set(key, { name: this.prefix + name, writer: this.writers[place]! });
    await this.putInto(key, `stream/${stream}`, backMs);
    // one that is seen at once, so that finding the group shows
    while (isNew && !(await this.hasPunctual(key))) await this.putInto(key, `stream/${stream}`, [0]);
  }

  private keyOf({ place, name }: PlannedGroup): string {
    const { account, region } = PLACES[place]!;
    return `${account}/${region}/${this.prefix}${name}`;
  }

  private async putInto(group: string, stream: string, backMs: readonly number[]): Promise<void> {
    const nowMs = this.pollers.nowMs();
    const events = backMs.map((back) => ({
      timestampMs: nowMs - back,
      message: `event ${this.put++} of ${group}`,
    }));
    const { name, writer } = this.groups.get(group)!;
    await writer.put(name, stream, events);
  }

  private async hasPunctual(group: string): Promise<boolean> {
    const { seed, visibility } = this.plan;
    const { name, writer } = this.groups.get(group)!;
    return (await writer.list(name)).some(({ eventId }) => delayOf(seed, eventId, visibility) === 0);
  }

  /** Moves the clock; only a little while a group is still to be found. */
  private async advance(ms: number): Promise<void> {
    const found = ms <= CREEP_MS || (await until(() => this.allFound(), FOUND_LIMIT_MS));
    this.pollers.advance(found ? ms : CREEP_MS);
  }

  private allFound(): boolean {
    return [...this.groups.keys()].every((group) => this.rawLogs.countOf(group) > 0);
  }

  private async listPut(): Promise<OracleEvent[]> {
    const listed = await Promise.all(
      [...this.groups].map(async ([group, { name, writer }]) =>
        (await writer.list(name)).map((event) => ({ group, ...event })),
      ),
    );
    const events = listed.flat();
    if (events.length !== this.put)
      throw new Error(`CloudWatch holds ${events.length} of ${this.put} events`);
    return events;
  }
}

/** Whether `condition` came true within `limitMs`. */
export async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const limit = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > limit) return false;
    await delay(POLL_MS);
  }
  return true;
}
