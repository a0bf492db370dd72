import type { Mark, TraceStatus } from '../events.js';

/** The moments a status is made of; times are event times. */
export interface Moments {
  last_finish: Mark | null;
  last_failure: Mark | null;
  last_platform_end: Mark | null;
  last_step: Mark | null;
}

/**
 * Status of a trace, a function of its events and of quiet. In this order:
 *
 * 1. `truncated` where a limit cut the trace: what came after is elsewhere, so its end is not known here.
 * 2. The later of the last `agent_finish` and the last failure (error, tool_error, llm_error, a failed platform event)
 *    decides, `completed` or `failed`, unless a step came later, which means that the agent went on.
 * 3. The platform's end of the invocation (END, REPORT) completes it, unless a step came later.
 * 4. `completed` where it has been quiet for `auto_close_after_minutes` (`closed`).
 * 5. `running`.
 *
 * A step is any event that is neither an `agent_finish`, a failure, a `chain_end`, a platform event nor an unparsed `log`. Only times
 * are compared, since many logs have whole seconds: at the same time a finish stands against a failure
 * (an agent prints its answer after what it recovered from), and either stands against a step.
 */
export function traceStatus(moments: Moments, truncated: boolean, closed: boolean): TraceStatus {
  if (truncated) return 'truncated';
  const finish = moments.last_finish?.ms ?? Number.NEGATIVE_INFINITY;
  const failure = moments.last_failure?.ms ?? Number.NEGATIVE_INFINITY;
  const platformEnd = moments.last_platform_end?.ms ?? Number.NEGATIVE_INFINITY;
  const step = moments.last_step?.ms ?? Number.NEGATIVE_INFINITY;
  const terminal = Math.max(finish, failure);
  if (terminal > Number.NEGATIVE_INFINITY && step <= terminal)
    return failure > finish ? 'failed' : 'completed';
  if (platformEnd > Number.NEGATIVE_INFINITY && step <= platformEnd) return 'completed';
  return closed ? 'completed' : 'running';
}
