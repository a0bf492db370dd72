import type { RunShape } from './parse-state.js';

/** What of an event says where a run begins and ends. */
export interface RunStep {
  eventType: string;
  chainType: string | null;
}

export interface RunVerdict {
  shape: RunShape;
  /** The event belongs to a new run, with how sure that is; 0 where it goes on with this one. */
  splits: number;
}

const STARTS = new Set(['agent_start', 'chain_start']);
const ENDS = new Set(['agent_finish', 'chain_end']);
/** What a run begins with where nothing announces it. */
const OPENINGS: Record<string, number> = {
  agent_start: 0.95,
  chain_start: 0.95,
  query: 0.9,
  agent_thought: 0.8,
  agent_action: 0.8,
  decision: 0.7,
  llm_start: 0.7,
  retrieval: 0.7,
  tool_call: 0.7,
};

/** Shape of a run that begins with this step. */
export const openRun = (step: RunStep): RunShape =>
  advance({ depth: 0, finished: false, failed: false, outer: null }, step);

/**
 * Whether the next step of a stream belongs to the run at hand. A run has ended where its outermost chain ended, or an
 * agent gave its answer outside any chain; then a step that runs begin with is another run. A failed run ends where the
 * chain that it began with begins again. Pure; {@link RunVerdict.splits} is the confidence.
 */
export function followRun(shape: RunShape, step: RunStep): RunVerdict {
  const opening = OPENINGS[step.eventType] ?? 0;
  if (shape.finished && opening > 0) return { shape: openRun(step), splits: opening };
  if (shape.failed && STARTS.has(step.eventType) && shape.outer !== null && shape.outer === step.chainType)
    return { shape: openRun(step), splits: 0.8 };
  return { shape: advance(shape, step), splits: 0 };
}

function advance(shape: RunShape, { eventType, chainType }: RunStep): RunShape {
  if (STARTS.has(eventType)) {
    return {
      depth: shape.depth + 1,
      finished: false,
      failed: false,
      outer: shape.depth === 0 ? chainType : shape.outer,
    };
  }
  if (eventType === 'chain_end') {
    const depth = Math.max(0, shape.depth - 1);
    return { ...shape, depth, finished: shape.finished || depth === 0 };
  }
  if (ENDS.has(eventType)) return shape.depth === 0 ? { ...shape, finished: true } : shape;
  if (eventType === 'error' && shape.depth > 0) return { ...shape, failed: true };
  return shape;
}
