import { type Static, Type } from '@sinclair/typebox';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Count = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) });
const Ms = Nullable(Type.Number({ description: 'Milliseconds' }));

const fields = {
  from: Type.Optional(Type.String({ description: 'ISO 8601 with an offset; included' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601 with an offset; excluded' })),
  agent_id: Type.Optional(
    Type.Union(
      [Type.String({ maxLength: 512 }), Type.Array(Type.String({ maxLength: 512 }), { maxItems: 50 })],
      {
        description: 'Agent; several: any of them',
      },
    ),
  ),
};
const strict = { additionalProperties: false };
export const StatsQuery = Type.Object(fields, strict);
export const SequencesQuery = Type.Object(
  {
    ...fields,
    length: Type.Optional(Type.Integer({ minimum: 2, maximum: 8, default: 3 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 20 })),
  },
  strict,
);

const counted = {
  events: Count('Events counted'),
  reached: Nullable(
    Type.String({
      description:
        'null: all of the range. Else there are too many: counted are the newest, back to this time',
    }),
  ),
};
export const ErrorStats = Type.Object({
  ...counted,
  errors: Count(),
  rate: Type.Number({ description: 'Errors of events, 0 to 1' }),
  types: Type.Array(
    Type.Object({ event_type: Type.String(), events: Count(), errors: Count(), rate: Type.Number() }),
  ),
});
const Latency = Type.Object({
  name: Type.String(),
  calls: Count(),
  errors: Count(),
  timed: Count('Calls whose duration is known: told, else the time from call to result'),
  p50: Ms,
  p95: Ms,
  p99: Ms,
  max: Ms,
});
export const LatencyStats = Type.Object({
  ...counted,
  tools: Type.Array(Latency),
  models: Type.Array(Latency),
});
export const UsageStats = Type.Object({
  ...counted,
  usage: Type.Array(
    Type.Object({
      model: Type.String(),
      agent_id: Nullable(Type.String()),
      reports: Count('Events that tell tokens'),
      prompt_tokens: Count(),
      completion_tokens: Count(),
      total_tokens: Count(),
      cached_tokens: Count(),
      cache_write_tokens: Count(),
      usd: Nullable(Type.Number({ description: 'Estimated with the prices of each event’s day' })),
      at_least: Type.Boolean({ description: 'Part of it has no price, or was told as a total alone' }),
    }),
  ),
});
export const SequenceStats = Type.Object({
  ...counted,
  sequences: Type.Array(
    Type.Object({
      steps: Type.Array(Type.String({ description: 'Type, with the tool' })),
      times: Count('How often'),
      groups: Count('In how many sessions and runs'),
    }),
  ),
});
export const CoverageStats = Type.Object({
  ...counted,
  understood: Count('Events that are not `log`'),
  unparsed: Count('Events of type `log`: kept, not understood'),
  rate: Nullable(Type.Number({ description: 'Understood of all, 0 to 1' })),
  agents: Type.Array(Type.Object({ agent_id: Nullable(Type.String()), events: Count(), unparsed: Count() }), {
    description: 'Most unparsed first, at most 50',
  }),
});
export const TraceStats = Type.Object({
  reached: counted.reached,
  days: Type.Array(
    Type.Object({
      day: Type.String({ description: 'UTC, of the first event' }),
      traces: Count(),
      running: Count(),
      completed: Count(),
      failed: Count(),
      truncated: Count(),
      events: Count(),
      errors: Count(),
    }),
  ),
});
export type StatsQuery = Static<typeof StatsQuery>;
export type SequencesQuery = Static<typeof SequencesQuery>;
