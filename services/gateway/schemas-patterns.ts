import { type Static, Type } from '@sinclair/typebox';

const MAX_TEXT_CHARACTERS = 262_144;
const MAX_RULES_CHARACTERS = 65_536;
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Captures = Type.Record(Type.String(), Type.String());

export const MAX_TRIED_LINES = 500;
export const TrialIn = Type.Object(
  {
    text: Type.String({
      maxLength: MAX_TEXT_CHARACTERS,
      description: `Log lines as they were printed, at most ${MAX_TRIED_LINES}; or JSON objects with message and source, one a line`,
    }),
    rules: Type.Optional(
      Type.String({
        maxLength: MAX_RULES_CHARACTERS,
        default: '',
        description: 'Rules in YAML, as `parser_rules` of config.yaml; they stand before all others',
      }),
    ),
  },
  { additionalProperties: false },
);
export const TrialOut = Type.Object({
  lines: Type.Array(
    Type.Object({
      text: Type.String({ description: 'The line as it was given' }),
      event_type: Type.String(),
      framework: Nullable(Type.String()),
      parsed: Type.Boolean({ description: 'false: kept as it is, not understood' }),
      rule: Nullable(Type.String()),
      continues: Type.Boolean({
        description: 'It joined the event before it, whose values these are',
      }),
      session_id: Nullable(Type.String()),
      trace_id: Nullable(Type.String()),
      agent_id: Nullable(Type.String()),
      properties: Type.Record(Type.String(), Type.Any()),
      explain: Type.Optional(
        Type.Object({
          line: Type.Integer({ description: 'From 1' }),
          rule_origin: Nullable(Type.String({ description: 'File and line of the rule' })),
          priority: Nullable(Type.Number()),
          linear_engine: Type.Array(Type.String(), {
            description: 'Why its patterns are matched by the engine that cannot backtrack',
          }),
          captures: Captures,
          extracted: Type.Array(Type.Object({ rule: Type.String(), captures: Captures }), {
            description: 'Rules that added ids or properties',
          }),
          text: Type.String({ description: 'What rules see of the line, without its wrappers' }),
          wrappers: Type.Object({
            level: Nullable(Type.String()),
            logger: Nullable(Type.String()),
            time: Nullable(Type.String()),
            request_id: Nullable(Type.String()),
          }),
          tags: Type.Array(Type.String(), { description: 'Set by rules on lines before this one' }),
          strategy: Nullable(Type.Integer({ description: 'By which of the four it found its trace' })),
          inherited: Nullable(Type.String()),
          flags: Type.Array(Type.String()),
          near_misses: Type.Array(
            Type.Object({
              rule: Type.String(),
              origin: Type.String(),
              event_type: Type.String(),
              reason: Type.String({ description: 'Why it did not match, in words' }),
            }),
          ),
        }),
      ),
    }),
    { description: 'In order; none where a rule cannot be used' },
  ),
  faults: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'Line of the rules, from 1' }),
      message: Type.String(),
    }),
    { description: 'What is wrong with the rules, their own tests included' },
  ),
  suggested: Nullable(
    Type.String({
      description: 'Rules in YAML to start from, for lines that none has read; each has been tried on them',
    }),
  ),
});
export type TrialIn = Static<typeof TrialIn>;
export type TrialOut = Static<typeof TrialOut>;
