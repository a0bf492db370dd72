/** What of an event says where in a run it stands. */
export interface RunStep {
  eventType: string;
  /** It looks like a beginning, but such lines are printed within runs. */
  isInside: boolean;
  /** Number of the step or turn within its run, where the line tells it. */
  number: number | null;
  chainType: string | null;
  toolName: string | null;
  model: string | null;
  /** The call that a result answers, where lines name it. */
  callId: string | null;
  durationMs: number | null;
  /** Who prints: the library, framework or logger. */
  dialect: string | null;
  /** First words of a line that is not understood; null for others. */
  words: string | null;
  /** Thread, task or process that the line's prefix names. */
  lane: string | null;
}

/** A tool or model that was called and has not answered. */
export interface OpenCall {
  kind: 'tool' | 'llm';
  name: string | null;
  id: string | null;
  /** Event time, Unix milliseconds. */
  ms: number;
}

/** Shape of a run so far: what is open in it and what came last. Plain data, small. */
export interface RunShape {
  /** Type of the last step; chatter does not count. Empty before the first. */
  last: string;
  /** Agents (`a`) and chains (`c`) that began and have not ended, outermost first, with their names. */
  open: string[];
  /** Name of the outermost one that the run began with, as in `open`. */
  outer: string | null;
  calls: OpenCall[];
  /** An agent gave its answer; chains around it may still end. */
  answered: boolean;
  /** All that began has ended. */
  finished: boolean;
  failed: boolean;
  /** Signature of the step that it began with, and how many steps it has taken, up to {@link MANY_STEPS}. Older versions wrote neither. */
  opener?: string | null;
  steps?: number;
  /** Latest number of a step or turn that was told. Older versions did not write it. */
  number?: number | null;
  dialect: string | null;
  lane: string | null;
}

/** A line that is older than the run's latest by more than this says nothing about what follows what. */
const LATE_MS = 3_000;

export const isLate = (ms: number, lastMs: number): boolean => ms < lastMs - LATE_MS;

const MAX_OPEN = 8;
const MAX_CALLS = 4;

export const MANY_STEPS = 8;

export const emptyShape = (): RunShape => ({
  last: '',
  open: [],
  outer: null,
  calls: [],
  answered: false,
  finished: false,
  failed: false,
  opener: null,
  steps: 0,
  number: null,
  dialect: null,
  lane: null,
});

/** Name of what a start begins, or null for other steps. */
export const beginning = ({ eventType, chainType, dialect, isInside }: RunStep): string | null =>
  isInside
    ? null
    : eventType === 'agent_start'
      ? `a:${chainType ?? dialect ?? ''}`
      : eventType === 'chain_start'
        ? `c:${chainType ?? ''}`
        : null;

/** What steps are told apart by: for a stream's habits, and for a run that begins as the one before it did. */
export function signatureOf({ eventType, chainType, dialect, words }: RunStep): string {
  const name = words ?? chainType ?? dialect ?? '';
  const known = signatures.get(name)?.get(eventType);
  if (known !== undefined) return known;
  if (signatures.size >= MAX_KNOWN_SIGNATURES) signatures.clear();
  const made = `${eventType}/${name}`;
  const ofName = signatures.get(name);
  if (ofName === undefined) signatures.set(name, new Map([[eventType, made]]));
  else if (ofName.size < MAX_KNOWN_SIGNATURES) ofName.set(eventType, made);
  return made;
}

const MAX_KNOWN_SIGNATURES = 1_024;
/** By name and type: a string made anew is costly as a key, and programs print the same few over and over. */
const signatures = new Map<string, Map<string, string>>();

/** Kind of call that a step opens or closes. */
export const opensCall = (type: string): OpenCall['kind'] | null =>
  type === 'tool_call' || type === 'agent_action' ? 'tool' : type === 'llm_start' ? 'llm' : null;

export const closesCall = (type: string): OpenCall['kind'] | null =>
  type === 'tool_result' || type === 'tool_error'
    ? 'tool'
    : type === 'llm_end' || type === 'llm_error'
      ? 'llm'
      : null;

/** Greatest difference between a result's own duration and the time since its call, milliseconds and share. */
const SLACK_MS = 60;
const SLACK = 0.1;

/** How well a result's own duration fits a call: `none` is told, `fits`, or is `off`; `impossible` where it is longer than the time since. */
export function durationFit(
  call: OpenCall,
  step: RunStep,
  ms: number,
): 'none' | 'fits' | 'off' | 'impossible' {
  if (step.durationMs === null) return 'none';
  const sinceMs = ms - call.ms;
  const slackMs = SLACK_MS + SLACK * step.durationMs;
  if (Math.abs(sinceMs - step.durationMs) <= slackMs) return 'fits';
  return step.durationMs > sinceMs + slackMs ? 'impossible' : 'off';
}

const FIT = { none: 1, fits: 3, off: 0, impossible: -2 } as const;

/** What a call and its answer both name: the tool, or the model. */
const namedBy = (kind: OpenCall['kind'], step: RunStep): string | null =>
  kind === 'tool' ? step.toolName : step.model;

/** Place of the open call that the step answers, the likeliest by id, name and duration; -1 if none can be. */
export function answeredCall({ calls }: RunShape, step: RunStep, ms: number): number {
  const kind = closesCall(step.eventType);
  let best = -1;
  let bestFit = Number.NEGATIVE_INFINITY;
  if (kind === null) return best;
  const name = namedBy(kind, step);
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i]!;
    if (call.kind !== kind) continue;
    if (step.callId !== null && call.id === step.callId) return i;
    if (name !== null && call.name !== null && call.name !== name) continue;
    if (step.callId !== null && call.id !== null) continue;
    const fit = FIT[durationFit(call, step, ms)] + (name !== null && call.name === name ? 2 : 0);
    if (fit > bestFit) {
      bestFit = fit;
      best = i;
    }
  }
  return best;
}

/** The shape after one more step, in place. Chatter (`log`, `platform`) changes nothing but who prints. */
export function advance(shape: RunShape, step: RunStep, ms: number): void {
  const { eventType } = step;
  if (step.dialect !== null) shape.dialect = step.dialect;
  if (step.lane !== null) shape.lane = step.lane;
  if (eventType === 'log' || eventType === 'platform') return;
  if (step.number !== null) shape.number = step.number;
  shape.opener ??= signatureOf(step);
  shape.steps = Math.min(MANY_STEPS, (shape.steps ?? 0) + 1);
  const begins = beginning(step);
  if (begins !== null) {
    if (shape.open.length === 0 && shape.last === '') shape.outer = begins;
    if (shape.open.length < MAX_OPEN) shape.open.push(begins);
    shape.finished = false;
    shape.failed = false;
    shape.answered = false;
  } else if (eventType === 'chain_end' && step.number === null) end(shape, 'c', step.chainType);
  else if (eventType === 'agent_finish') {
    end(shape, 'a', step.chainType);
    shape.answered = true;
  } else if (eventType === 'error') {
    shape.failed = true;
    // what failed was most likely the call at hand
    shape.calls.pop();
  }
  const opens = opensCall(eventType);
  if (opens !== null) open(shape, opens, step, ms);
  else if (eventType !== 'llm_error' && closesCall(eventType) !== null) {
    // a model call that failed is mostly tried again
    const at = answeredCall(shape, step, ms);
    if (at >= 0) shape.calls.splice(at, 1);
  }
  shape.last = eventType;
}

function end(shape: RunShape, kind: 'a' | 'c', name: string | null): void {
  const { open } = shape;
  let at = name === null ? -1 : open.lastIndexOf(`${kind}:${name}`);
  if (at < 0) at = open.findLastIndex((one) => one[0] === kind);
  if (at >= 0) open.length = at;
  if (open.length > 0) return;
  shape.finished = true;
  shape.calls = [];
}

/** An action and the call that carries it out are one. */
function open(shape: RunShape, kind: OpenCall['kind'], step: RunStep, ms: number): void {
  const { calls } = shape;
  const last = calls.at(-1);
  const carriesOut =
    shape.last === 'agent_action' &&
    step.eventType === 'tool_call' &&
    last?.kind === 'tool' &&
    (step.toolName === null || last.name === null || last.name === step.toolName);
  if (carriesOut) {
    last.id ??= step.callId;
    last.name ??= step.toolName;
    last.ms = ms;
    return;
  }
  if (kind === 'llm' && shape.last === 'llm_error') {
    const failed = calls.findLastIndex((call) => call.kind === 'llm');
    if (failed >= 0) calls.splice(failed, 1);
  }
  calls.push({ kind, name: namedBy(kind, step), id: step.callId, ms });
  if (calls.length > MAX_CALLS) calls.shift();
}
