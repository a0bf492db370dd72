import { type Static, Type } from '@sinclair/typebox';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Moment = (description: string) => Type.String({ format: 'date-time', description });
const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const STATES = ['open', 'redriven', 'refused again'] as const;
/** Letters of one redrive at most; a request is to end. */
export const MAX_REDRIVE = 5_000;

const LetterName = Type.String({
  pattern: '^\\d{1,9}/\\d{1,15}$',
  description: 'PARTITION/OFFSET in dead-letter, as in 3/12',
});
const Place = Type.Object({ topic: Type.String(), partition: Type.Integer(), offset: Offset });

const filterFields = {
  stage: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Who refused: parse, trace, aggregate, surreal-sink, qdrant-sink',
    }),
  ),
  cause: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Why, as in UNKNOWN_SCHEMA_ID' }),
  ),
  topic: Type.Optional(
    Type.String({ minLength: 1, maxLength: 249, description: 'Topic that the refused record was in' }),
  ),
  from: Type.Optional(Type.String({ description: 'Refused from this time on; ISO 8601 with an offset' })),
  to: Type.Optional(Type.String({ description: 'Refused before this time' })),
  contains: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        'In value, key or message, as it is written: a session, an agent, a key. Wants the scope admin, for it tells what the data hold',
    }),
  ),
};

export const LettersQuery = Type.Object(
  {
    ...filterFields,
    state: Type.Optional(
      Type.Union([Type.Literal('open'), Type.Literal('redriven'), Type.Literal('all')], {
        default: 'open',
        description:
          '`redriven`: sent again, and not refused since. Of data that were refused several times only the last letter is listed',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
    cursor: Type.Optional(
      Type.String({ maxLength: 200, description: '`next_cursor` of the page before, with the same filters' }),
    ),
  },
  { additionalProperties: false },
);
export type LettersQuery = Static<typeof LettersQuery>;

const listedFields = {
  letter: LetterName,
  refused_at: Moment('When it was refused'),
  stage: Type.String({ description: 'Who refused it' }),
  cause: Type.String({ description: 'Code of the reason, see docs/dead-letters.md' }),
  message: Type.String({ description: 'The reason in words' }),
  from: nullable(Place),
  origin: nullable(Place),
  attempt: Type.Integer({ description: 'How many times the data have been refused, this one included' }),
  state: Type.Union(
    STATES.map((state) => Type.Literal(state)),
    { description: '`refused again`: a later letter tells of the next refusal' },
  ),
  bytes: Type.Integer({ description: 'Of the value' }),
  redrives: Type.Integer({ description: 'How many times it was sent again' }),
};
const ListedLetterOut = Type.Object(listedFields, {
  description:
    '`from`: the record that was refused. `origin`: where its data first stood, another place once they were redriven',
});

export const LetterPage = Type.Object({
  total: Type.Integer({ description: 'Letters that the filters select, on all pages' }),
  summary: Type.Array(
    Type.Object({
      stage: Type.String(),
      cause: Type.String(),
      topic: Type.String(),
      letters: Type.Integer(),
      open: Type.Integer({ description: 'Of these, those about which nothing was done' }),
      oldest_at: Moment('When the first was refused'),
      newest_at: Moment('When the last was refused'),
      example: Type.Object({ letter: LetterName, message: Type.String() }),
    }),
    { description: 'Of all pages, by stage, cause and topic; most letters first' },
  ),
  letters: Type.Array(ListedLetterOut, { description: 'Newest first' }),
  next_cursor: nullable(Type.String()),
});

export const LetterParams = Type.Object({
  partition: Type.Integer({ minimum: 0, maximum: 100_000 }),
  offset: Offset,
});
export type LetterParams = Static<typeof LetterParams>;

export const LetterOut = Type.Object({
  ...listedFields,
  appended_at: nullable(Moment('When the data were first appended to their topic')),
  key: nullable(Type.String({ description: 'Text; `base64:…` where it is none' })),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'As the record had them, without those that tell of the refusal',
  }),
  format: Type.String({ description: 'Avro record, `json`, `text`, `bytes`, or `null` for a tombstone' }),
  value: Type.Any({ description: 'Decoded where it can be; text is cut after 64 KiB' }),
  hex: nullable(
    Type.String({ description: 'The first 4,096 bytes of the value, as they are, in hexadecimal' }),
  ),
  predecessor: nullable(Type.String({ description: 'The letter whose redrive ended in this one' })),
  successor: nullable(Type.String({ description: 'The letter that the redrive of this one ended in' })),
  trail: Type.Array(
    Type.Object({
      at: Moment('When it was redriven'),
      result: Type.Union([Type.Literal('sent'), Type.Literal('superseded')], {
        description: '`superseded`: nothing was sent, for a later record says more',
      }),
      to: nullable(Place),
    }),
    { description: 'The last 20 redrives' },
  ),
});

export const RedriveIn = Type.Object(
  {
    letters: Type.Optional(
      Type.Array(LetterName, { minItems: 1, maxItems: 1_000, description: 'By name; filters narrow them' }),
    ),
    ...filterFields,
    all: Type.Optional(
      Type.Boolean({ default: false, description: 'Needed where neither letters nor filters are given' }),
    ),
    again: Type.Optional(
      Type.Boolean({ default: false, description: 'Those, too, that were redriven before' }),
    ),
    encoding: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 50,
        description: 'For INVALID_UTF8: what the bytes are written in, as in windows-1252',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_REDRIVE, default: 500 })),
    dry_run: Type.Optional(
      Type.Boolean({ default: false, description: 'Say what would be sent, and send nothing' }),
    ),
  },
  { additionalProperties: false },
);
export type RedriveIn = Static<typeof RedriveIn>;

export const RedriveOut = Type.Object({
  dry_run: Type.Boolean(),
  letters: Type.Integer({ description: 'Sent, or to be sent' }),
  more: Type.Boolean({ description: 'The limit was reached: there may be more to send' }),
  not_selected: Type.Array(Type.String(), {
    description:
      'Names that no letter has, or whose letters the filters leave out; empty where the limit was reached',
  }),
  outcomes: Type.Array(
    Type.Object({
      stage: Type.String(),
      cause: Type.String(),
      result: Type.Union(
        ['sent', 'to be sent', 'superseded', 'already redriven', 'impossible'].map((result) =>
          Type.Literal(result),
        ),
      ),
      reason: nullable(Type.String({ description: 'Why, where it is impossible' })),
      to: nullable(Type.String({ description: 'Topic' })),
      letters: Type.Integer(),
      example: LetterName,
    }),
    { description: 'What became of the letters, counted' },
  ),
});
