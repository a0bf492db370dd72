import { isSpan, laneKey, type Pairs, pairSteps } from './pairs.js';
import type { Step } from './step.js';

/**
 * Why a step stands below another: it ends or answers it, it is the call that the agent announced, its ids say so, or it happened
 * while the other was open.
 */
export type Relation = 'answers' | 'ends' | 'follows' | 'child' | 'within';

export interface Links {
  /** Sorted. */
  steps: Step[];
  /** Index of the step above, -1: none. Free of cycles. */
  parent: Int32Array;
  relation: (Relation | null)[];
  pairs: Pairs;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Puts every step below the one that it belongs to. What lines say by ids (spans, runs, observations, calls) comes first; what carries none
 * is paired by name and order and nested by time, among the lines of one agent on one stream.
 * @param steps sorted by compareSteps
 */
export function linkSteps(steps: Step[]): Links {
  const pairs = pairSteps(steps);
  const links: Links = {
    steps,
    pairs,
    parent: new Int32Array(steps.length).fill(-1),
    relation: steps.map(() => null),
  };
  const owners = spanOwners(steps);
  const starts = invocations(steps);
  const nesting = new Nesting(links);
  steps.forEach((step, index) => {
    const [parent, relation] = ownLink(index, step, links, owners, starts) ?? nesting.place(index);
    links.parent[index] = parent;
    links.relation[index] = parent < 0 ? null : relation;
    nesting.opened(index);
  });
  cutCycles(links);
  return links;
}

/** What ids and pairs say, or null. */
function ownLink(
  index: number,
  step: Step,
  { pairs, steps }: Links,
  owners: ReadonlyMap<string, number>,
  starts: ReadonlyMap<string, number>,
): [number, Relation] | null {
  const begun = pairs.begunBy[index]!;
  const ends = (): [number, Relation] => [begun, isCall(steps[begun]!) ? 'answers' : 'ends'];
  const own = step.spanId === null ? undefined : owners.get(step.spanId);
  if (own !== undefined && own !== index) return begun === own ? ends() : [own, 'child'];
  const above = step.parentId === null ? undefined : owners.get(step.parentId);
  if (begun >= 0 && (above === undefined || sameCall(step, steps[begun]!))) return ends();
  if (above !== undefined && above !== index) return [above, 'child'];
  const action = pairs.announcedBy[index]!;
  if (action >= 0) return [action, 'follows'];
  if (step.family === 'platform' && step.role === null && step.name !== null) {
    const start = starts.get(step.name);
    if (start !== undefined && start < index) return [start, 'within'];
  }
  return null;
}

const isCall = ({ family }: Step): boolean => family === 'tool' || family === 'llm';
const sameCall = (a: Step, b: Step): boolean => a.callId !== null && a.callId === b.callId;

/** The step that is a span: one that tells its parent or its duration, else, where others name it their parent, its first. */
function spanOwners(steps: readonly Step[]): Map<string, number> {
  const owners = new Map<string, number>();
  const parents = new Set(steps.map((step) => step.parentId));
  const rankOf = (step: Step) => (isSpan(step) ? 2 : 0) + (step.role === 'open' ? 1 : 0);
  steps.forEach((step, index) => {
    if (step.spanId === null || !(isSpan(step) || parents.has(step.spanId))) return;
    const known = owners.get(step.spanId);
    if (known === undefined || rankOf(step) > rankOf(steps[known]!)) owners.set(step.spanId, index);
  });
  return owners;
}

/** START of an invocation by its request id: REPORT and time-outs name it after its END. */
function invocations(steps: readonly Step[]): Map<string, number> {
  const starts = new Map<string, number>();
  steps.forEach(({ family, role, name }, index) => {
    if (family === 'platform' && role === 'open' && name !== null && !starts.has(name))
      starts.set(name, index);
  });
  return starts;
}

/** What is open while the steps go by, for each agent on each stream. */
class Nesting {
  private readonly lanes = new Map<string, Lane>();
  /** Index of the step after which a container holds nothing more; -1: it holds nothing. */
  private readonly end: Float64Array;
  private readonly lastAgent = new Map<string, string>();

  constructor(private readonly links: Links) {
    this.end = endsOf(links.steps, links.pairs);
  }

  /** Where a step belongs that neither ids nor a pair place. */
  place(index: number): [number, Relation] {
    const step = this.links.steps[index]!;
    const lane = this.lane(step.stream, step.agent);
    const burst = lane.burst;
    if (step.family === 'tool' && step.role !== 'close' && burst !== null && this.end[burst]! >= index) {
      return [this.links.parent[burst]!, 'within'];
    }
    let at = this.innermost(step, index);
    // an answer that nothing asked for does not belong to another call
    if (step.role === 'close' && isCall(step)) {
      while (at >= 0 && isCall(this.links.steps[at]!)) at = this.above(at);
    }
    const end = this.end[index]!;
    // what ends later than the one around it overlaps it: they stand side by side
    if (this.isEnded(index)) while (at >= 0 && this.end[at]! < end) at = this.above(at);
    return [at, 'within'];
  }

  /** The step above, if it is an earlier one: ids may name later ones, even in a circle. */
  private above(index: number): number {
    const parent = this.links.parent[index]!;
    return parent < index ? parent : -1;
  }

  /** The step has its place: it may hold what follows. */
  opened(index: number): void {
    const step = this.links.steps[index]!;
    const lane = this.lane(step.stream, step.agent);
    if (step.agent !== '') this.lastAgent.set(step.stream, step.agent);
    const isCall = step.family === 'tool' && step.role !== 'close';
    // calls one right after the other run side by side; unparsed lines between them say nothing
    if (isCall && this.links.relation[index] !== 'follows') lane.burst = index;
    else if (!isCall && step.type !== 'log') lane.burst = null;
    if (this.end[index]! <= index) return;
    const parent = this.links.parent[index]!;
    // one that nothing ends is over with the one around it
    if (parent >= 0 && !this.isEnded(index) && this.end[parent]! > index) {
      this.end[index] = Math.min(this.end[index]!, this.end[parent]!);
    }
    lane.open.push(index);
  }

  /** Whether a step told the end, and not the next of its kind or nothing at all. */
  private isEnded(index: number): boolean {
    const { family } = this.links.steps[index]!;
    return this.end[index]! >= 0 && (this.links.pairs.endedBy[index]! >= 0 || family === 'tool');
  }

  /** The innermost open step of the step's agent, or of lines without an agent. */
  private innermost(step: Step, index: number): number {
    const own = this.top(step.stream, step.agent, index);
    const other = step.agent === '' ? this.lastAgent.get(step.stream) : '';
    return other === undefined ? own : Math.max(own, this.top(step.stream, other, index));
  }

  private top(stream: string, agent: string, index: number): number {
    const { open } = this.lane(stream, agent);
    while (open.length > 0 && this.end[open.at(-1)!]! < index) open.pop();
    return open.at(-1) ?? -1;
  }

  private lane(stream: string, agent: string): Lane {
    const key = laneKey(stream, agent);
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = { open: [], burst: null };
      this.lanes.set(key, lane);
    }
    return lane;
  }
}

interface Lane {
  open: number[];
  /** The call right before. */
  burst: number | null;
}

/**
 * Calls hold what happens until their answer, containers until their end. A container that nothing ends is over where the next of its
 * kind and name begins, or with the one around it ({@link NEVER} here); a call without an answer holds nothing.
 */
function endsOf(steps: readonly Step[], { endedBy, announcedBy }: Pairs): Float64Array {
  const end = new Float64Array(steps.length).fill(-1);
  const next = new Map<string, number>();
  for (let index = steps.length - 1; index >= 0; index--) {
    const { role, family, name, stream, agent } = steps[index]!;
    if (role !== 'open' && role !== 'announce') continue;
    const holds = family === 'chain' || family === 'agent' || family === 'platform';
    const key = holds
      ? JSON.stringify([family, family === 'platform' ? '' : name, laneKey(stream, agent)])
      : '';
    if (endedBy[index]! >= 0) end[index] = endedBy[index]!;
    else if (holds) end[index] = next.has(key) ? next.get(key)! - 1 : NEVER;
    if (holds) next.set(key, index);
  }
  announcedBy.forEach((action, call) => {
    if (action >= 0) end[action] = Math.max(end[action]!, end[call]!, call);
  });
  return end;
}

/** Ids may name each other in a circle: the first step of it becomes a root. */
function cutCycles({ parent, relation }: Links): void {
  const done = new Uint8Array(parent.length);
  for (let start = 0; start < parent.length; start++) {
    const path: number[] = [];
    let at = start;
    while (at >= 0 && done[at] === 0) {
      done[at] = 1;
      path.push(at);
      at = parent[at]!;
    }
    if (at >= 0 && done[at] === 1) {
      const first = path.slice(path.indexOf(at)).reduce((least, index) => Math.min(least, index));
      parent[first] = -1;
      relation[first] = null;
    }
    for (const index of path) done[index] = 2;
  }
}
