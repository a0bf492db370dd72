import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox';

/** The bodies, parameters and answers of the API: TypeBox, from which openapi.json is generated. */
const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Moment = (description: string) => Type.String({ format: 'date-time', description });
const Id = (description: string) => Type.String({ maxLength: 512, description });
const Count = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) });

export const Source = Type.Object(
  {
    system: Id('Source system: cloudwatch, datadog, …'),
    account: Type.Optional(Id('Account of the log group')),
    region: Type.Optional(Id('Region of the log group')),
    log_group: Type.Optional(Id('Log group')),
    log_stream: Type.Optional(Id('Log stream; its lines are ordered')),
    log_id: Type.Optional(Id("The source's own id of the line: the same id is the same event")),
  },
  { description: 'Where a log line came from.' },
);

export const Options = Type.Object(
  {
    auto_create_traces: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'false: an event is refused (trace_not_found) unless it names a trace_id or its session has a stored trace',
      }),
    ),
    generate_embeddings: Type.Optional(
      Type.Boolean({ default: true, description: 'false: the event cannot be found by search' }),
    ),
    extract_relationships: Type.Optional(
      Type.Boolean({ default: false, description: 'true: causedBy edges are written' }),
    ),
  },
  { description: 'Unknown options are ignored.' },
);

const eventFields = {
  event_id: Type.Optional(
    Id(
      'Id of your own; the same id is the same event. Left out: derived from source.log_id, else from the whole body',
    ),
  ),
  trace_id: Type.Optional(Id('Trace that the event belongs to')),
  timestamp: Moment('ISO 8601 with an offset; at most 5 minutes ahead of the server'),
  event_type: Type.Optional(Id('tool_call, decision, error, …; left out: read from properties.message')),
  agent_id: Type.Optional(Id('Agent')),
  session_id: Type.Optional(Id('Session or request')),
  framework: Type.Optional(Id('langchain, llamaindex, …')),
  properties: Type.Object(
    {},
    { additionalProperties: true, description: 'Any JSON object, nested up to 63 levels' },
  ),
  source: Type.Optional(Source),
  options: Type.Optional(Options),
};

export const EventIn = Type.Object(eventFields, {
  description: 'null counts as left out; unknown fields are ignored.',
});
export const BatchIn = Type.Object({
  events: Type.Array(EventIn, { description: 'Up to MAX_BATCH_ITEMS (10,000)' }),
  options: Type.Optional(Options),
});

export const EventAccepted = Type.Object({
  event_id: Type.String(),
  trace_id: Nullable(Type.String({ description: 'null with 202: stored, not traced yet' })),
  created_at: Moment('When the event was stored'),
});
export const BatchAccepted = Type.Object({
  ingested: Count('Items stored'),
  failed: Count('Items refused'),
  trace_ids: Type.Array(Type.String(), {
    description: 'Traces of the items, without repetition, as far as they are known',
  }),
  errors: Type.Array(Type.Object({ index: Count('Place in `events`, from 0'), error: Type.String() })),
});
export const LinesAccepted = Type.Object({
  accepted: Count('Lines stored'),
  rejected: Count('Lines refused'),
  errors: Type.Array(Type.Object({ index: Count('Line or element, from 0'), error: Type.String() })),
});

export const ProblemOut = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457 problem details' },
);

const Json = Type.Object({}, { additionalProperties: true });
const eventOut = {
  event_id: Type.String(),
  trace_id: Type.String(),
  group_id: Type.String(),
  session_id: Nullable(Type.String()),
  agent_id: Nullable(Type.String()),
  timestamp: Moment('When it happened'),
  event_type: Type.String(),
  framework: Nullable(Type.String()),
  properties: Json,
  source: Nullable(Json),
  flags: Type.Array(Type.String()),
  revision: Type.Integer(),
  generation: Type.Integer(),
  created_at: Moment('When it was stored'),
  updated_at: Moment('When it last changed'),
};
export const EventOut = Type.Object(eventOut);
export const EventPage = Type.Object({ events: Type.Array(EventOut), next_cursor: Nullable(Type.String()) });

const Sibling = Type.Object({
  event_id: Type.String(),
  event_type: Type.String(),
  timestamp: Moment('When it happened'),
  strategy: Type.Integer({ minimum: 1, maximum: 4 }),
});

export const Explanation = Type.Object({
  event_id: Type.String(),
  trace_id: Type.String(),
  summary: Type.String({ description: 'The answer in words' }),
  rule: Nullable(
    Type.String({
      description: 'Rule that read the line; null: its sender named the type, or nothing recognised it',
    }),
  ),
  rule_version: Nullable(Type.String()),
  captures: Type.Record(Type.String(), Type.String()),
  strategy: Type.Integer({ minimum: 1, maximum: 4 }),
  strategy_in_words: Type.String(),
  inherited: Nullable(Type.String({ description: 'What came from the log stream around the line' })),
  confidence: Nullable(Type.Number({ description: 'In what was inherited, 0 to 1' })),
  evidence: Type.Array(Type.String(), { description: 'What speaks for it' }),
  group_id: Type.String(),
  group_key: Type.String({ description: 'What the group id is derived from' }),
  links: Type.Object({
    previous_trace_ids: Type.Array(Type.String(), {
      description: 'Under which the group was known before it was moved; they lead to the trace',
    }),
    bound_by: Nullable(
      Type.Object(
        { event_id: Type.String(), timestamp: Type.String() },
        {
          description: 'The event that names both the session and the trace',
        },
      ),
    ),
    continues: Nullable(Type.String({ description: 'The trace that this one goes on from' })),
    continued_by: Nullable(Type.String({ description: 'The trace in which the group goes on' })),
  }),
  siblings: Type.Object(
    { before: Type.Array(Sibling), after: Type.Array(Sibling) },
    { description: 'The nearest events of the trace, in order of time' },
  ),
  source: Nullable(Json),
  flags: Type.Array(Type.String()),
  raw: Type.Object({
    topic: Type.String(),
    partition: Type.Integer(),
    offset: Type.Integer(),
    index: Type.Integer(),
  }),
});

const Amounts = <T extends TProperties>(description: string, fields: T) =>
  Type.Record(Type.String(), Type.Object(fields), { description });
const toolStats = {
  calls: Count(),
  errors: Count(),
  timed: Count('Calls whose duration is known'),
  total_ms: Type.Number({ description: 'Sum of the known durations' }),
};
const modelStats = {
  ...toolStats,
  prompt_tokens: Count('Cached ones included'),
  completion_tokens: Count(),
  total_tokens: Count(),
  cached_tokens: Type.Optional(Count('Of the prompt tokens: read from the provider’s cache')),
  cache_write_tokens: Type.Optional(Count('Of the prompt tokens: written to it')),
};
const Cost = Type.Object(
  {
    usd: Nullable(Type.Number({ description: 'Sum over the models whose cost is known; null: none is' })),
    complete: Type.Boolean({ description: 'Every model’s cost is known, and none is a lower bound' }),
    unknown: Type.Array(Type.String(), { description: 'Models whose cost is not known' }),
    models: Amounts('By model', {
      usd: Nullable(Type.Number()),
      why: Type.String({ description: 'priced, no_price or no_tokens' }),
      priced_as: Nullable(Type.String({ description: 'Entry of the price table' })),
      at_least: Type.Boolean({ description: 'Some tokens were told as a total alone: counted as input' }),
    }),
  },
  { description: 'Estimated by the price table as it is now, with the prices of the day the trace began' },
);

const traceOut = {
  trace_id: Type.String(),
  session_id: Nullable(Type.String()),
  agent_id: Nullable(Type.String()),
  status: Type.String({ description: 'running, completed, failed or truncated' }),
  merged_into: Nullable(Type.String()),
  continues: Nullable(Type.String({ description: 'The trace that this one goes on from' })),
  group_ids: Type.Array(Type.String()),
  agents: Type.Array(Type.String()),
  frameworks: Type.Array(Type.String()),
  total_events: Count(),
  error_count: Count(),
  event_counts: Type.Record(Type.String(), Count()),
  tools: Amounts('By tool', { ...toolStats, max_ms: Type.Optional(Nullable(Type.Number())) }),
  models: Amounts('By model; `unknown`: tokens of calls that named none', modelStats),
  cost: Cost,
  start_time: Moment('Time of the first event'),
  end_time: Nullable(Moment('Time of the last event')),
  duration_ms: Count(),
  revision: Type.Integer(),
  generation: Type.Integer(),
  state_lost: Type.Boolean({
    description: 'Events came back after the trace was forgotten: totals were counted anew',
  }),
  created_at: Moment('When its first event was stored'),
  updated_at: Moment('When it last changed'),
};
export const TraceOut = Type.Object(traceOut);
export const TracePage = Type.Object({ traces: Type.Array(TraceOut), next_cursor: Nullable(Type.String()) });
export const TraceDetail = Type.Object({
  ...traceOut,
  events: Type.Array(
    Type.Object({
      ...eventOut,
      parent_id: Nullable(Type.String({ description: 'Event above it in the tree of the trace' })),
      relation: Nullable(
        Type.String({
          description:
            'Why it stands there: answers (a call), ends (what began), follows (the action that announced the call), child (its ids say so), within (it happened meanwhile)',
        }),
      ),
      latency_ms: Nullable(Type.Number({ description: 'From it to what ends or answers it' })),
    }),
    { description: 'In order of time, within a millisecond as the log has them' },
  ),
  events_truncated: Type.Boolean({ description: 'There are more events than max_events' }),
  causes: Type.Array(
    Type.Object({ event_id: Type.String(), cause_id: Type.String(), reason: Type.String() }),
  ),
  merged_from: Nullable(Type.String({ description: 'The id asked for, where it is part of this trace now' })),
  related: Type.Object({
    same_session: Type.Array(TraceOut),
    same_agent: Type.Array(TraceOut),
  }),
});

const Period = {
  from: Type.Optional(Type.String({ description: 'ISO 8601 with an offset; included' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 with an offset; excluded' })),
};
const Paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 4_096, description: '`next_cursor` of the page before' })),
};
/** One value, or the parameter several times: any of them. */
const AnyOf = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Array(schema, { maxItems: 50 })], {
    description: `${description}; several: any of them`,
  });
const Text = Type.String({
  minLength: 1,
  maxLength: 1_024,
  description:
    'Words, and phrases in double quotes, all of which message or properties hold, in any case, also within longer words',
});
/** A parameter that is not known is most often misspelt: it is refused, not passed over. */
const strict = { additionalProperties: false };
const filterFields = {
  event_type: Type.Optional(AnyOf(Id('Type'), 'Type')),
  agent_id: Type.Optional(AnyOf(Id('Agent'), 'Agent')),
  session_id: Type.Optional(AnyOf(Id('Session'), 'Session')),
  text: Type.Optional(Text),
};
const Framework = Type.Optional(AnyOf(Id('Framework'), 'Framework'));
export const EventQuery = Type.Object(
  {
    ...filterFields,
    framework: Framework,
    trace_id: Type.Optional(AnyOf(Id('Trace'), 'Trace')),
    level: Type.Optional(AnyOf(Id('Level'), 'Log level, in any case: WARN is also WARNING, and so on')),
    ...Period,
    ...Paging,
    order: Type.Optional(
      Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
        default: 'desc',
        description: 'By time; desc: newest first',
      }),
    ),
  },
  strict,
);
const Status = Type.Union(
  ['running', 'completed', 'failed', 'truncated'].map((status) => Type.Literal(status)),
);
export const TRACE_SORTS = ['time', 'duration', 'events', 'errors', 'tokens', 'cost'] as const;
export const TraceQuery = Type.Object(
  {
    status: Type.Optional(AnyOf(Status, 'Status')),
    ...filterFields,
    framework: Framework,
    ...Period,
    ...Paging,
    sort: Type.Optional(
      Type.Union(
        TRACE_SORTS.map((sort) => Type.Literal(sort)),
        {
          default: 'time',
          description: 'time: of the first event. By anything else at most 50,000 traces may fit the filter',
        },
      ),
    ),
    order: Type.Optional(
      Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
        default: 'desc',
        description: 'asc: with another sort than time',
      }),
    ),
  },
  strict,
);
export const LiveQuery = Type.Object(
  {
    kind: Type.Optional(AnyOf(Type.Union([Type.Literal('event'), Type.Literal('trace')]), 'What is told')),
    ...filterFields,
    trace_id: Type.Optional(AnyOf(Id('Trace'), 'Trace')),
    level: Type.Optional(AnyOf(Id('Level'), 'Log level of events')),
    status: Type.Optional(AnyOf(Status, 'Status of traces')),
  },
  strict,
);
export const TraceDetailQuery = Type.Object(
  { max_events: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 10_000 })) },
  strict,
);
const flowCounts = {
  accepted: Count('Events acknowledged, and records that were refused; what was sent twice counts once'),
  stored: Count('Rows that SurrealDB has stored'),
  dead_lettered: Count('Refused by parse, trace or the sink of SurrealDB, and not sent again since'),
  in_flight: Count('On their way'),
  unaccounted: Count('Neither of them: lost'),
  duplicates: Count('Events that came before'),
  joined: Count('Lines that are part of the event before them'),
};
export const FlowOut = Type.Object({
  measured_at: Moment('When it was measured'),
  total: Type.Object(flowCounts),
  hours: Type.Array(Type.Object({ hour: Moment('When the hour began'), ...flowCounts }), {
    description: '24, newest first; the first one is not over',
  }),
});
const Place = {
  topic: Nullable(Type.String()),
  partition: Nullable(Type.Integer()),
  offset: Nullable(Type.Integer()),
};
const OfRecord = Type.Object({ topic: Type.String(), partition: Type.Integer(), offset: Type.Integer() });
export const ReceiptOut = Type.Object({
  event_id: Type.String(),
  state: Type.String({
    description:
      'in_flight; stored (in each store that the event is meant for); dead_lettered; incomplete: it has a row, and no vector although it should',
  }),
  trace_id: Nullable(Type.String({ description: 'null while it is not known' })),
  steps: Type.Array(
    Type.Object({
      step: Type.String({ description: 'accepted, parsed, traced, stored.surrealdb, stored.qdrant' }),
      state: Type.String({ description: 'done, waiting, skipped, dead_lettered, unknown' }),
      at: Nullable(Moment('When its record was appended, where that is known')),
      ...Place,
      detail: Nullable(Type.String()),
    }),
    { description: 'In the order in which an event goes' },
  ),
  dead_letter: Nullable(
    Type.Object({
      stage: Type.String({ description: 'Who refused it' }),
      code: Type.String(),
      message: Type.String(),
      at: Moment('When it was refused'),
      topic: Type.String(),
      partition: Type.Integer(),
      offset: Type.Integer(),
      of: OfRecord,
    }),
  ),
  looked: Type.Array(
    Type.Object({
      topic: Type.String(),
      records: Count('Records looked at, newest first'),
      unread: Count('Older offsets that were not looked at'),
    }),
    { description: 'Topics that were looked through; none where the stores had it' },
  ),
});

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 512 }) });
export const LinesQuery = Type.Object(
  {
    system: Type.Optional(Id('Source system; with a log group or stream given, `http` where left out')),
    account: Type.Optional(Id('Account')),
    region: Type.Optional(Id('Region')),
    log_group: Type.Optional(Id('Log group, or the name of the file')),
    log_stream: Type.Optional(Id('Log stream; lines of one stream share their context')),
    agent_id: Type.Optional(
      Id('For JSON events that name no agent; without a source, text lines of one agent are one stream'),
    ),
    session_id: Type.Optional(
      Id('For JSON events that name no session; without a source and agent_id, text lines are one stream'),
    ),
  },
  strict,
);

export const SearchFilter = Type.Object(
  {
    event_type: Type.Optional(AnyOf(Id('Type'), 'Type')),
    agent_id: Type.Optional(AnyOf(Id('Agent'), 'Agent')),
    trace_id: Type.Optional(Id('Trace')),
    session_id: Type.Optional(Id('Session')),
    ...Period,
  },
  strict,
);
export const SearchIn = Type.Object(
  {
    query: Type.String({ minLength: 1, maxLength: 8_192, description: 'What to look for, in words' }),
    by: Type.Optional(
      Type.Union([Type.Literal('meaning'), Type.Literal('text'), Type.Literal('both')], {
        default: 'meaning',
        description: 'text: as the parameter `text` of lists, newest first; both: by reciprocal rank fusion',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    filter: Type.Optional(SearchFilter),
  },
  { additionalProperties: false },
);
export const SimilarQuery = Type.Object(
  {
    ...SearchFilter.properties,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
  },
  strict,
);
export const SearchOut = Type.Object({
  mode: Type.String({ description: '`semantic`, or `lexical (hashed)` where no model is installed' }),
  results: Type.Array(
    Type.Object({
      score: Type.Number({
        description: 'Cosine similarity; by text or both: of the fused ranks, comparable within one answer',
      }),
      found_by: Type.Array(
        Type.Object({
          how: Type.String({ description: '`meaning` or `text`' }),
          rank: Type.Integer({ description: 'Place in that list, from 1' }),
          score: Type.Optional(Type.Number({ description: 'Cosine similarity' })),
        }),
      ),
      event: EventOut,
    }),
  ),
});

export type EventQuery = Static<typeof EventQuery>;
export type LiveQuery = Static<typeof LiveQuery>;
export type TraceQuery = Static<typeof TraceQuery>;
export type LinesQuery = Static<typeof LinesQuery>;
export type SimilarQuery = Static<typeof SimilarQuery>;
export type SearchIn = Static<typeof SearchIn>;
