import { LRUCache } from 'lru-cache';
import type { AgentEvent } from '../../../lib/model/events.js';
import { type Cause, findCauses } from '../../../lib/model/tree/causes.js';
import { type Step, stepOf } from '../../../lib/model/tree/step.js';
import type { GroupStep } from '../../../lib/stores/surreal/index.js';

/** Steps kept for one partition; a step takes some 300 bytes. */
const MAX_STEPS = 50_000;

interface KnownGroup {
  steps: Map<string, { step: Step; asked: boolean }>;
  causes: Cause[];
}

/**
 * What one owner of a partition knows of the groups in it: every group lies in one partition, so nobody else adds to it, and its rows
 * need to be read once only. Ends with the ownership. The groups that were not touched for longest are forgotten
 * above {@link MAX_STEPS}, and read anew.
 */
export class KnownGroups {
  private readonly groups: LRUCache<string, KnownGroup>;

  constructor(maxSteps = MAX_STEPS) {
    this.groups = new LRUCache({
      maxSize: maxSteps,
      sizeCalculation: ({ steps }) => Math.max(1, steps.size),
    });
  }

  has(groupId: string): boolean {
    return this.groups.has(groupId);
  }

  /** What the store has of a group. */
  learn(groupId: string, stored: { steps: readonly GroupStep[]; causes: Cause[] }): KnownGroup {
    const steps = stored.steps.map(({ event, asked }): [string, { step: Step; asked: boolean }] => [
      event.event_id,
      { step: stepOf(event), asked },
    ]);
    const group = { steps: new Map(steps), causes: stored.causes };
    this.groups.set(groupId, group);
    return group;
  }

  /** Adds events that were written, and says which edges the group has and which it should have. */
  add(groupId: string, events: readonly AgentEvent[]): { existing: Cause[]; wanted: Cause[] } {
    const group = this.groups.get(groupId) ?? this.learn(groupId, { steps: [], causes: [] });
    for (const event of events) {
      const { timestamp_ms, properties, ...rest } = event;
      const timestamp = new Date(timestamp_ms).toISOString();
      group.steps.set(event.event_id, {
        step: stepOf({ ...rest, timestamp, properties: JSON.parse(properties) }),
        asked: event.options?.extract_relationships === true,
      });
    }
    const found = findCauses([...group.steps.values()].map(({ step }) => step));
    const wanted = found.filter(({ event_id }) => group.steps.get(event_id)!.asked);
    return { existing: group.causes, wanted };
  }

  /** The group has these edges now. */
  wrote(groupId: string, causes: Cause[]): void {
    const group = this.groups.get(groupId);
    // set again, since its size has changed
    if (group) this.groups.set(groupId, { ...group, causes });
  }

  /** What is known of the group may be wrong: a write of it failed. */
  forget(groupId: string): void {
    this.groups.delete(groupId);
  }
}
