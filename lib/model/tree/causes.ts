import { linkSteps } from './links.js';
import { laneKey } from './pairs.js';
import { compareSteps, type Step } from './step.js';

/** `event_id` came about because of `cause_id`. */
export interface Cause {
  event_id: string;
  cause_id: string;
  reason: CauseReason;
}

export type CauseReason =
  | 'answers_call'
  | 'ends'
  | 'follows_action'
  | 'follows_thought'
  | 'raised_after'
  | 'part_of';

const THOUGHT_OUT = new Set(['agent_action', 'decision']);

/**
 * Which event of a group came about because of which; a function of the set of steps, at most one cause an event, the first of:
 *
 * | event | its cause | reason |
 * | --- | --- | --- |
 * | a result, an answer of a model, an error of either, or right after a call that nothing answers | the call | answers_call |
 * | the end of a chain, an agent, an invocation | its beginning | ends |
 * | tool_call | the agent_action that announced it | follows_action |
 * | agent_action, decision | the agent_thought right before it | follows_thought |
 * | any other error | the step right before it | raised_after |
 * | anything else | the event above it in the tree | part_of |
 *
 * "Right before" is among the lines of one agent on one stream; unparsed lines do not count.
 */
export function findCauses(steps: Iterable<Step>): Cause[] {
  const { steps: sorted, pairs, parent } = linkSteps([...steps].sort(compareSteps));
  const last = new Map<string, number>();
  const causes: Cause[] = [];
  sorted.forEach((step, index) => {
    const lane = laneKey(step.stream, step.agent);
    const before = last.get(lane) ?? -1;
    if (step.type !== 'log') last.set(lane, index);
    const [cause, reason] = causeOf(step, index, before);
    if (cause >= 0) causes.push({ event_id: step.id, cause_id: sorted[cause]!.id, reason });
  });
  return causes;

  function causeOf(step: Step, index: number, before: number): [number, CauseReason] {
    const begun = pairs.begunBy[index]!;
    if (begun >= 0) {
      const { family } = sorted[begun]!;
      return [begun, family === 'tool' || family === 'llm' ? 'answers_call' : 'ends'];
    }
    const action = pairs.announcedBy[index]!;
    if (action >= 0) return [action, 'follows_action'];
    if (THOUGHT_OUT.has(step.type) && before >= 0 && sorted[before]!.type === 'agent_thought') {
      return [before, 'follows_thought'];
    }
    if (step.failed && before >= 0) return [before, 'raised_after'];
    return [parent[index]!, 'part_of'];
  }
}
