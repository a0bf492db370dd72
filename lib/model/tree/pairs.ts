import type { Family, Step } from './step.js';

/** Which step began what another one ends; indices into the sorted steps, -1: none. */
export interface Pairs {
  /** Of an end, or an error that a call raised: the step that it ends or answers. */
  begunBy: Int32Array;
  /** Of a beginning: the step that ends it. */
  endedBy: Int32Array;
  /** Of a tool_call: the agent_action that announced it. */
  announcedBy: Int32Array;
}

const CALLS: readonly Family[] = ['tool', 'llm'];
const CONTAINERS: readonly Family[] = ['chain', 'agent', 'platform'];

/**
 * Pairs beginnings and ends: by ids of spans, then by ids of calls, then by name and order among the steps of one agent on one
 * stream, then with steps of the same stream whose agent is not told. Every step is in one pair at most.
 * Linear in the number of steps.
 * @param steps sorted
 */
export function pairSteps(steps: readonly Step[]): Pairs {
  const none = () => new Int32Array(steps.length).fill(-1);
  const pairs: Pairs = { begunBy: none(), endedBy: none(), announcedBy: none() };
  pairByIds(steps, pairs, 'spanId');
  pairByIds(steps, pairs, 'callId');
  const laneOf = ({ family, stream, agent }: Step) => `${family} ${laneKey(stream, agent)}`;
  pairInLanes(steps, pairs, laneOf, () => true);
  const streamOf = ({ family, stream }: Step) => `${family} ${stream}`;
  pairInLanes(steps, pairs, streamOf, (step) => step.role !== 'close' || step.agent === '');
  pairInLanes(steps, pairs, streamOf, (step) => step.role === 'close' || step.agent === '');
  pairRaised(steps, pairs);
  return pairs;
}

/** A call that nothing answers raised the error right after it, among the lines of its agent; unparsed lines do not count. */
function pairRaised(steps: readonly Step[], pairs: Pairs): void {
  const last = new Map<string, number>();
  steps.forEach(({ type, stream, agent }, index) => {
    if (type === 'log') return;
    const lane = laneKey(stream, agent);
    const before = last.get(lane);
    last.set(lane, index);
    if (type !== 'error' || before === undefined || !isFree(pairs, before)) return;
    const { family, role } = steps[before]!;
    if ((family === 'tool' || family === 'llm') && role !== 'close') join(pairs, before, index);
  });
}

/** One agent's lines on one stream. A stream's name is JSON, so it holds no line break. */
export const laneKey = (stream: string, agent: string): string => `${stream}\n${agent}`;

const isFree = ({ begunBy, endedBy }: Pairs, index: number): boolean =>
  begunBy[index]! < 0 && endedBy[index]! < 0;

function join(pairs: Pairs, begin: number, end: number): void {
  pairs.begunBy[end] = begin;
  pairs.endedBy[begin] = end;
}

function pairByIds(steps: readonly Step[], pairs: Pairs, field: 'spanId' | 'callId'): void {
  const groups = new Map<string, { announced: number[]; begun: number[]; ended: number[] }>();
  steps.forEach((step, index) => {
    const id = step[field];
    if (id === null || step.role === null) return;
    const key = JSON.stringify([step.family, id]);
    let group = groups.get(key);
    if (!group) {
      group = { announced: [], begun: [], ended: [] };
      groups.set(key, group);
    }
    const list = { announce: group.announced, open: group.begun, close: group.ended }[step.role];
    list.push(index);
  });
  for (const { announced, begun, ended } of groups.values()) {
    announced.slice(0, begun.length).forEach((action, n) => {
      pairs.announcedBy[begun[n]!] = action;
    });
    const beginnings = [...begun, ...announced.slice(begun.length)].filter((index) => isFree(pairs, index));
    const ends = ended.filter((index) => isFree(pairs, index));
    beginnings.slice(0, ends.length).forEach((begin, n) => {
      join(pairs, begin, ends[n]!);
    });
  }
}

/** Pairs what is still free, lane by lane. `takesPart` leaves steps out. */
function pairInLanes(
  steps: readonly Step[],
  pairs: Pairs,
  laneOf: (step: Step) => string,
  takesPart: (step: Step) => boolean,
): void {
  const lanes = new Map<string, number[]>();
  const called = new Set(pairs.announcedBy);
  steps.forEach((step, index) => {
    if (step.role === null || !isFree(pairs, index) || called.has(index) || !takesPart(step)) return;
    const lane = laneOf(step);
    const members = lanes.get(lane);
    if (members) members.push(index);
    else lanes.set(lane, [index]);
  });
  for (const members of lanes.values()) {
    const family = steps[members[0]!]!.family!;
    const anonymous = withoutForeignIds(steps, members);
    if (CALLS.includes(family)) pairCalls(steps, pairs, anonymous);
    else if (CONTAINERS.includes(family)) pairContainers(steps, pairs, anonymous);
  }
}

/** Where both sides carry ids of calls or of their own spans, ids that do not meet mean different calls. */
function withoutForeignIds(steps: readonly Step[], members: number[]): number[] {
  const both = (has: (step: Step) => boolean) => {
    const sides = new Set(
      members.filter((index) => has(steps[index]!)).map((i) => steps[i]!.role === 'close'),
    );
    return sides.size === 2;
  };
  const hasCall = (step: Step) => step.callId !== null;
  const calls = both(hasCall);
  const spans = both(isSpan);
  if (!calls && !spans) return members;
  return members.filter((index) => {
    const step = steps[index]!;
    return !(calls && hasCall(step)) && !(spans && isSpan(step));
  });
}

/** The step is its span and does not merely lie in it, as a log line does that carries the id of the span around it. */
export const isSpan = (step: Step): boolean =>
  step.spanId !== null && (step.parentId !== null || (step.role === 'close' && step.durationMs !== null));

/**
 * Ends take the last beginnings of their name, in order: of two calls of one tool and two results the first result answers
 * the first call, of two calls and one result the second call, since the first one was given up. Beginnings and ends are
 * looked at in alternating runs, so this needs nothing but the order.
 */
function pairCalls(steps: readonly Step[], pairs: Pairs, members: readonly number[]): void {
  const open = new OpenSteps(steps);
  let ends: number[] = [];
  const settle = () => {
    if (ends.length === 0) return;
    const byName = new Map<string | null, number[]>();
    for (const end of ends) {
      const named = byName.get(steps[end]!.name);
      if (named) named.push(end);
      else byName.set(steps[end]!.name, [end]);
    }
    const unnamed = byName.get(null) ?? [];
    byName.delete(null);
    for (const [name, named] of byName) {
      const left = match(named, open.takeLast(name, named.length));
      const nameless = match(left, open.takeLast(null, left.length));
      // a model may be asked for by the name of its deployment and answer by its own
      if (steps[named[0]!]!.family === 'llm') unnamed.push(...nameless);
    }
    match(
      unnamed.sort((a, b) => a - b),
      open.takeLastOfAny(unnamed.length),
    );
    ends = [];
    open.nextRun();
  };
  const match = (some: readonly number[], begun: readonly number[]): number[] => {
    begun.forEach((begin, n) => {
      join(pairs, begin, some[n]!);
    });
    return some.slice(begun.length);
  };
  for (const index of members) {
    const { role } = steps[index]!;
    if (role === 'close') {
      ends.push(index);
      continue;
    }
    settle();
    if (role === 'open' && pairs.announcedBy[index]! < 0) {
      const action = open.takeAnnouncement(steps[index]!.name);
      if (action !== null) pairs.announcedBy[index] = action;
    }
    open.add(index);
  }
  settle();
}

/** An end ends the last beginning of its name that is open, one without a name the last of all. */
function pairContainers(steps: readonly Step[], pairs: Pairs, members: readonly number[]): void {
  const open = new OpenSteps(steps);
  for (const index of members) {
    const { role, name } = steps[index]!;
    if (role !== 'close') {
      open.add(index);
      continue;
    }
    let begun = name === null ? open.takeLastOfAny(1) : open.takeLast(name, 1);
    if (begun.length === 0 && name !== null) begun = open.takeLast(null, 1);
    if (begun.length > 0) join(pairs, begun[0]!, index);
  }
}

/** Beginnings that nothing has ended yet, in order; each is taken once, so all operations together are linear. */
class OpenSteps {
  private readonly all: number[] = [];
  private readonly named = new Map<string | null, number[]>();
  private readonly actions = new Map<string | null, { items: number[]; run: number; next: number }>();
  private readonly taken = new Set<number>();
  private run = 0;

  constructor(private readonly steps: readonly Step[]) {}

  add(index: number): void {
    const { name, role } = this.steps[index]!;
    this.all.push(index);
    const named = this.named.get(name);
    if (named) named.push(index);
    else this.named.set(name, [index]);
    if (role !== 'announce') return;
    let actions = this.actions.get(name);
    if (!actions) {
      actions = { items: [], run: -1, next: 0 };
      this.actions.set(name, actions);
    }
    if (actions.run !== this.run) {
      actions.run = this.run;
      actions.next = actions.items.length;
    }
    actions.items.push(index);
  }

  nextRun(): void {
    this.run += 1;
  }

  /** The last `count` open ones of a name, in order. */
  takeLast(name: string | null, count: number): number[] {
    return this.takeFrom(this.named.get(name) ?? [], count);
  }

  takeLastOfAny(count: number): number[] {
    return this.takeFrom(this.all, count);
  }

  /** The action that announced a call: the first of this run that has no call yet, else the last of those before. */
  takeAnnouncement(name: string | null): number | null {
    const actions = this.actions.get(name);
    if (!actions) return null;
    if (actions.run === this.run) {
      while (actions.next < actions.items.length) {
        const action = actions.items[actions.next++]!;
        if (!this.taken.has(action)) return this.take(action);
      }
    }
    const [last] = this.takeFrom(actions.items, 1);
    actions.next = Math.min(actions.next, actions.items.length);
    return last ?? null;
  }

  private takeFrom(list: number[], count: number): number[] {
    const some: number[] = [];
    while (some.length < count && list.length > 0) {
      const index = list.pop()!;
      if (!this.taken.has(index)) some.push(this.take(index));
    }
    return some.reverse();
  }

  private take(index: number): number {
    this.taken.add(index);
    return index;
  }
}
