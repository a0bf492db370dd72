import type { Cause, GroupStep } from '../../../lib/stores/surreal/causes.js';

/**
 * Which event of a group came about because of which, from types, names and order alone:
 *
 * | event | its cause | reason |
 * | --- | --- | --- |
 * | tool_result, tool_error | the last call (tool_call, else agent_action) of that tool without an answer | answers_call |
 * | tool_call | the last agent_action of that tool without a call | follows_action |
 * | agent_action, decision | the agent_thought right before it | follows_thought |
 * | llm_end, llm_error | the last llm_start (of that model) without an end | answers_call |
 *
 * Agents are kept apart. A result that names no tool answers the last open call of any. Only events that asked for it
 * get an edge; the others take part all the same.
 */
export function findCauses(steps: readonly GroupStep[]): Cause[] {
  const ordered = [...steps].sort(
    (a, b) => a.timestamp_ms - b.timestamp_ms || (a.event_id < b.event_id ? -1 : 1),
  );
  const agents = new Map<string | null, AgentContext>();
  const causes: Cause[] = [];
  for (const step of ordered) {
    let context = agents.get(step.agent_id);
    if (!context) {
      context = { calls: [], actions: [], models: [], thought: null };
      agents.set(step.agent_id, context);
    }
    const found = causeOf(step, context);
    if (found && step.asked) {
      causes.push({ event_id: step.event_id, cause_id: found.step.event_id, reason: found.reason });
    }
  }
  return causes;
}

interface AgentContext {
  calls: GroupStep[];
  actions: GroupStep[];
  models: GroupStep[];
  /** The step right before, where it is a thought. */
  thought: GroupStep | null;
}

function causeOf(step: GroupStep, context: AgentContext): { step: GroupStep; reason: string } | null {
  const thought = context.thought;
  context.thought = step.event_type === 'agent_thought' ? step : null;
  switch (step.event_type) {
    case 'agent_action':
      context.actions.push(step);
      return thought && { step: thought, reason: 'follows_thought' };
    case 'decision':
      return thought && { step: thought, reason: 'follows_thought' };
    case 'tool_call': {
      context.calls.push(step);
      const action = takeLast(context.actions, (open) => open.tool_name === step.tool_name);
      return action && { step: action, reason: 'follows_action' };
    }
    case 'tool_result':
    case 'tool_error': {
      const fits = (open: GroupStep) => step.tool_name === null || open.tool_name === step.tool_name;
      const call = takeLast(context.calls, fits) ?? takeLast(context.actions, fits);
      return call && { step: call, reason: 'answers_call' };
    }
    case 'llm_start':
      context.models.push(step);
      return null;
    case 'llm_end':
    case 'llm_error': {
      const start = takeLast(
        context.models,
        (open) => step.model === null || open.model === null || open.model === step.model,
      );
      return start && { step: start, reason: 'answers_call' };
    }
    default:
      return null;
  }
}

function takeLast(open: GroupStep[], fits: (step: GroupStep) => boolean): GroupStep | null {
  const at = open.findLastIndex(fits);
  return at < 0 ? null : open.splice(at, 1)[0]!;
}
