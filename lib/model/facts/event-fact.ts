import type { AgentEvent } from '../events.js';
import { contributionOf } from '../summary/contribution.js';
import type { Tokens } from '../summary/tokens.js';
import { STEP_PROPERTIES, type Step, stepOf } from '../tree/step.js';
import { levelName, searchText } from './search-text.js';

/**
 * What lists and statistics read of an event, small, so that a hundred thousand of them can be read at once. A function of the
 * event alone: it does not know the trace, which may change.
 */
export interface EventFact {
  /** Unix milliseconds. */
  ms: number;
  group: string;
  type: string;
  agent: string | null;
  framework: string | null;
  /** As {@link levelName}. */
  level: string | null;
  /** As {@link searchText}. */
  text: string;
  /** Packed {@link Measures}. */
  measures: string;
}

/** What statistics count of an event. */
export interface Measures {
  ms: number;
  group: string;
  type: string;
  agent: string | null;
  error: boolean;
  tool: string | null;
  model: string | null;
  tokens: Tokens | null;
  /** For pairing calls with their results. */
  step: Step;
}

type Packed = [
  ms: number,
  group: string,
  type: string,
  agent: string | null,
  partition: number,
  offset: number,
  index: number,
  topic: string,
  error: 0 | 1,
  tool: string | null,
  model: string | null,
  tokens: Tokens | null,
  stream: string,
  step:
    | [
        family: Step['family'],
        role: Step['role'],
        name: string | null,
        agent: string,
        callId: string | null,
        spanId: string | null,
        parentId: string | null,
        durationMs: number | null,
        failed: 0 | 1,
      ]
    | null,
];

/** Changed with the shape or the meaning of facts: stored ones are then made anew. */
export const FACTS_VERSION = '1';

const MAX_ID = 128;
const short = (text: string | null): string | null => (text === null ? null : text.slice(0, MAX_ID));

/** @throws SyntaxError when properties are no JSON. */
export function factOf(event: AgentEvent): EventFact {
  const properties = JSON.parse(event.properties) as Record<string, unknown>;
  const { error, tool, model } = contributionOf(event);
  const step = stepOf({
    ...event,
    // a step's time is the fact's: it travels once
    timestamp: '',
    properties: Object.fromEntries(
      STEP_PROPERTIES.filter((name) => Object.hasOwn(properties, name)).map((name) => [
        name,
        properties[name],
      ]),
    ),
  });
  const { topic, partition, offset, index } = event.raw;
  const packed: Packed = [
    event.timestamp_ms,
    event.group_id,
    event.event_type,
    event.agent_id,
    partition,
    offset,
    index,
    topic,
    error ? 1 : 0,
    tool?.name ?? null,
    model?.name ?? null,
    model?.tokens ?? null,
    step.stream,
    step.family === null && step.type !== 'error'
      ? null
      : [
          step.family,
          step.role,
          short(step.name),
          step.agent,
          short(step.callId),
          short(step.spanId),
          short(step.parentId),
          step.durationMs,
          step.failed ? 1 : 0,
        ],
  ];
  return {
    ms: event.timestamp_ms,
    group: event.group_id,
    type: event.event_type,
    agent: event.agent_id,
    framework: event.framework,
    level: levelName(properties.level),
    text: searchText(properties),
    measures: JSON.stringify(packed),
  };
}

/** Measures of many facts at once. */
export function readMeasures(packed: readonly string[]): Measures[] {
  // one text to parse: several times as fast as one by one
  return (JSON.parse(`[${packed.join(',')}]`) as Packed[]).map(
    ([
      ms,
      group,
      type,
      agent,
      partition,
      offset,
      index,
      topic,
      error,
      tool,
      model,
      tokens,
      stream,
      step,
    ]) => ({
      ms,
      group,
      type,
      agent,
      error: error === 1,
      tool,
      model,
      tokens,
      step: {
        id: '',
        ms,
        type,
        family: step?.[0] ?? null,
        role: step?.[1] ?? null,
        name: step?.[2] ?? null,
        stream,
        agent: step?.[3] ?? '',
        callId: step?.[4] ?? null,
        spanId: step?.[5] ?? null,
        parentId: step?.[6] ?? null,
        durationMs: step?.[7] ?? null,
        failed: step?.[8] === 1,
        raw: { topic, partition, offset, index },
      },
    }),
  );
}
