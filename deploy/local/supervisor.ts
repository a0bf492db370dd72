import type { Logger } from '../../lib/telemetry/logger.js';
import type { Component, Probe } from './components.js';
import { startOrder } from './order.js';
import { Slot, type SlotState } from './slot.js';

/** One line of `vectadb status`. */
export interface ComponentStatus {
  name: string;
  component: string;
  instance: number;
  /** As the supervisor sees it; `unready` when a running process says of itself that it is not ready. */
  state: SlotState | 'unready';
  ready: boolean;
  pid: number | null;
  restarts: number;
  url: string | null;
  reason: string | null;
  since: string;
  details?: Record<string, unknown>;
}

/** A request that cannot be met, in the user's words. */
export class SupervisorError extends Error {
  override name = 'SupervisorError';
}

/**
 * Keeps a set of components running: each starts when those it depends on are ready and stops before them. Invariant: a
 * component has slots 0 … n-1, and no slot is dropped before its process has ended.
 */
export class Supervisor {
  private readonly components: Component[];
  private readonly slots = new Map<string, Slot[]>();
  private waiters: (() => void)[] = [];
  private stopped: Promise<void> | undefined;
  private scaling: Promise<unknown> = Promise.resolve();

  constructor(
    components: readonly Component[],
    private readonly logger: Logger,
  ) {
    this.components = startOrder(components);
  }

  start(): void {
    for (const component of this.components) {
      this.slots.set(
        component.name,
        Array.from({ length: component.instances }, (_, instance) => this.slot(component, instance)),
      );
    }
    for (const slots of this.slots.values()) for (const slot of slots) slot.start();
  }

  /** All instances, running processes asked for their readiness now. */
  async status(): Promise<ComponentStatus[]> {
    const slots = [...this.slots.values()].flat();
    return Promise.all(slots.map((slot) => this.describe(slot)));
  }

  /**
   * Changes how many instances of a component run; instances too many are ended before this resolves, highest first.
   * @throws SupervisorError for an unknown component or a number it cannot have.
   */
  scale(name: string, instances: number): Promise<void> {
    const change = this.scaling.then(() => this.rescale(name, instances));
    this.scaling = change.catch(() => {}); // the caller has the rejection; the queue only keeps the order
    return change;
  }

  /** stop() was called. */
  get stopping(): boolean {
    return this.stopped !== undefined;
  }

  /** Stops everything, dependents before what they depend on. Resolves when all processes have ended. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async rescale(name: string, instances: number): Promise<void> {
    const component = this.components.find((each) => each.name === name);
    const slots = this.slots.get(name);
    if (!component || !slots) {
      throw new SupervisorError(
        `there is no component ${name}: ${this.components.map((each) => each.name).join(', ')}`,
      );
    }
    if (!Number.isInteger(instances) || instances < 0 || instances > component.maxInstances) {
      throw new SupervisorError(
        `${name} can have 0 to ${component.maxInstances} instances, not ${instances}`,
      );
    }
    if (this.stopped) throw new SupervisorError('the stack is being stopped');
    while (slots.length < instances) {
      const slot = this.slot(component, slots.length);
      slots.push(slot);
      slot.start();
    }
    const surplus = slots.slice(instances);
    await Promise.all(surplus.map((slot) => slot.stop()));
    slots.length = Math.min(slots.length, instances);
    this.changed();
  }

  private slot(component: Component, instance: number): Slot {
    return new Slot(component, instance, {
      logger: this.logger,
      changed: () => this.changed(),
      dependenciesReady: (of, signal) =>
        this.until(() => of.dependsOn.every((name) => this.isReady(name)), signal),
    });
  }

  private isReady(name: string): boolean {
    return (this.slots.get(name) ?? []).every((slot) => slot.isReady);
  }

  private changed(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when `condition` holds, which only a change of state can bring about. */
  private async until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        this.waiters.push(() => {
          signal.removeEventListener('abort', abort);
          resolve();
        });
      });
    }
    signal.throwIfAborted();
  }

  private async stopAll(): Promise<void> {
    await this.scaling;
    const ends = new Map<string, Promise<unknown>>();
    for (const component of [...this.components].reverse()) {
      const dependents = this.components
        .filter((other) => other.dependsOn.includes(component.name))
        .map((other) => ends.get(other.name));
      ends.set(
        component.name,
        Promise.all(dependents).then(() =>
          Promise.all((this.slots.get(component.name) ?? []).map((slot) => slot.stop())),
        ),
      );
    }
    await Promise.all(ends.values());
  }

  private async describe(slot: Slot): Promise<ComponentStatus> {
    const status: ComponentStatus = {
      name: slot.name,
      component: slot.component.name,
      instance: slot.instance,
      state: slot.state,
      ready: slot.isReady,
      pid: slot.pid,
      restarts: slot.restarts,
      url: slot.component.url(slot.instance),
      reason: slot.reason,
      since: slot.since.toISOString(),
    };
    if (slot.state !== 'ready' && slot.state !== 'external') return status;
    const probe: Probe = await slot.component.probe(slot.instance).catch((error: unknown) => ({
      ready: false,
      state: error instanceof Error ? error.message : String(error),
    }));
    return {
      ...status,
      state: probe.ready ? slot.state : 'unready',
      ready: probe.ready,
      reason: probe.ready ? null : (probe.state ?? 'not ready'),
      details: probe.details,
    };
  }
}
