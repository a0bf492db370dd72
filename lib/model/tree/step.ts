import { modelNames } from '../cost/model-names.js';

/** The least that a tree needs of an event. `timestamp` is ISO 8601. */
export interface TreeEvent {
  event_id: string;
  timestamp: string;
  event_type: string;
  agent_id?: string | null;
  session_id?: string | null;
  source?: { system: string; log_group?: string | null; log_stream?: string | null } | null;
  /** Where the line stood: decides among events of one millisecond. */
  raw?: { topic: string; partition: number; offset: number; index: number } | null;
  properties: Readonly<Record<string, unknown>>;
}

export type Family = 'chain' | 'agent' | 'tool' | 'llm' | 'platform';

/** `announce`: the agent chose a tool, `open` and `close`: something begins and ends. */
export type Role = 'announce' | 'open' | 'close';

/** An event as the tree sees it. */
export interface Step {
  id: string;
  ms: number;
  type: string;
  family: Family | null;
  role: Role | null;
  /** Tool, model, chain or invocation; null: not told. */
  name: string | null;
  /** Who prints where: what has no ids is paired and nested only with its like. */
  stream: string;
  /** Empty: no agent named itself. */
  agent: string;
  callId: string | null;
  spanId: string | null;
  parentId: string | null;
  durationMs: number | null;
  failed: boolean;
  raw: TreeEvent['raw'];
}

const ROLES: Readonly<Record<string, readonly [Family, Role]>> = {
  chain_start: ['chain', 'open'],
  chain_end: ['chain', 'close'],
  agent_start: ['agent', 'open'],
  agent_finish: ['agent', 'close'],
  agent_action: ['tool', 'announce'],
  tool_call: ['tool', 'open'],
  tool_result: ['tool', 'close'],
  tool_error: ['tool', 'close'],
  llm_start: ['llm', 'open'],
  llm_end: ['llm', 'close'],
  llm_error: ['llm', 'close'],
};

// first hit wins; OpenTelemetry, LangChain and LangSmith, Langfuse, OpenAI, Anthropic, Vercel
const SPAN_ID = ['span_id', 'spanId', 'SpanId', 'run_id', 'runId', 'span.id', 'otelSpanID', 'dd.span_id'];
const PARENT_ID = [
  'parent_span_id',
  'parentSpanId',
  'ParentSpanId',
  'parent_run_id',
  'parentRunId',
  'parentObservationId',
  'parent_observation_id',
  'parent_id',
  'parentId',
  'parent.id',
];
const CALL_ID = [
  'call_id',
  'callId',
  'tool_call_id',
  'toolCallId',
  'tool_use_id',
  'toolUseId',
  'gen_ai.tool.call.id',
];

/** The properties that {@link stepOf} looks at: a reader of many events may leave out the rest. */
export const STEP_PROPERTIES: readonly string[] = [
  ...SPAN_ID,
  ...PARENT_ID,
  ...CALL_ID,
  'id',
  'tool_name',
  'model',
  'chain_type',
  'request_id',
  'platform_event',
  'duration_ms',
];

export function stepOf(event: TreeEvent): Step {
  const { event_type: type, properties, agent_id: agent, source } = event;
  const [family, role] = Object.hasOwn(ROLES, type) ? ROLES[type]! : platformRole(type, properties);
  return {
    id: event.event_id,
    ms: Date.parse(event.timestamp) || 0,
    type,
    family,
    role,
    name: nameOf(family, properties) ?? (family === 'platform' ? (event.session_id ?? null) : null),
    stream: source ? JSON.stringify([source.system, source.log_group ?? '', source.log_stream ?? '']) : '',
    // an agent that is called after its stream is none that named itself
    agent: agent && !agent.startsWith('stream:') ? agent : '',
    callId: idIn(properties, CALL_ID),
    spanId: idIn(properties, SPAN_ID) ?? recordId(properties.id),
    parentId: idIn(properties, PARENT_ID),
    durationMs: typeof properties.duration_ms === 'number' ? properties.duration_ms : null,
    failed: /(?:^|_)error$/.test(type),
    raw: event.raw,
  };
}

/** By time, then by place in the log, then by id: a total order, so that a tree depends on the set of events alone. */
export function compareSteps(a: Step, b: Step): number {
  return (
    a.ms - b.ms ||
    (a.raw && b.raw ? comparePlaces(a.raw, b.raw) : Number(!a.raw) - Number(!b.raw)) ||
    compareTexts(a.id, b.id)
  );
}

const comparePlaces = (a: NonNullable<Step['raw']>, b: NonNullable<Step['raw']>): number =>
  compareTexts(a.topic, b.topic) || a.partition - b.partition || a.offset - b.offset || a.index - b.index;

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** Lambda's START and END, in its text and its JSON form. */
function platformRole(type: string, properties: TreeEvent['properties']): [Family | null, Role | null] {
  if (type !== 'platform') return [null, null];
  const said = String(properties.platform_event ?? '').toLowerCase();
  if (/(?:^|\.)start$/.test(said)) return ['platform', 'open'];
  if (/(?:^|\.)(?:end|runtimedone)$/.test(said)) return ['platform', 'close'];
  return ['platform', null];
}

function nameOf(family: Family | null, properties: TreeEvent['properties']): string | null {
  switch (family) {
    case 'tool':
      return textOf(properties.tool_name);
    case 'llm': {
      const model = textOf(properties.model);
      // the answer often names the release of the model that was asked for
      return model === null ? null : (modelNames(model).at(-1) ?? model);
    }
    case 'chain':
      return textOf(properties.chain_type);
    case 'platform':
      return textOf(properties.request_id);
    default:
      return null;
  }
}

/** A run's or observation's own id (LangSmith, Langfuse, OpenAI): children name it. Short ones are numbers of something else. */
const recordId = (id: unknown): string | null => (typeof id === 'string' && id.length >= 8 ? id : null);

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function idIn(properties: TreeEvent['properties'], names: readonly string[]): string | null {
  for (const name of names) {
    const value = properties[name];
    if (typeof value === 'number') return String(value);
    const text = textOf(value);
    // all zeros: no span
    if (text !== null && !/^[0-]+$/.test(text)) return text;
  }
  return null;
}
