import { type Static, Type } from '@sinclair/typebox';

const Offset = Type.Integer({ minimum: 0 });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const TopicList = Type.Object({
  topics: Type.Array(
    Type.Object({
      name: Type.String(),
      doc: nullable(Type.String({ description: 'null: not a topic of VectaDB’s' })),
      internal: Type.Boolean(),
      schemas: Type.Array(Type.String()),
      replication: Type.Integer(),
      config: Type.Record(Type.String(), Type.String(), { description: 'What is set on the topic' }),
      partitions: Type.Array(Type.Object({ partition: Type.Integer(), start: Offset, end: Offset }), {
        description: 'Offsets; transaction markers count, so their difference is no count of records',
      }),
    }),
  ),
});
export const GroupList = Type.Object({
  groups: Type.Array(
    Type.Object({
      group: Type.String(),
      state: Type.String({ description: 'Kafka’s: Stable, Empty, Dead (not there yet), …' }),
      members: Type.Integer(),
      lag: Type.Integer({ description: 'Offsets behind, all partitions together' }),
      exactlyOnce: Type.Boolean({
        description:
          'The true position is in its changelog; this one is committed about once a second, for display',
      }),
      partitions: Type.Array(
        Type.Object({
          topic: Type.String(),
          partition: Type.Integer(),
          position: nullable(Offset),
          end: Offset,
          lag: Type.Integer(),
          member: nullable(Type.String()),
        }),
      ),
    }),
  ),
});
export const TopicParams = Type.Object({ topic: Type.String({ pattern: '^[a-zA-Z0-9._-]{1,249}$' }) });
export const MessagesQuery = Type.Object(
  {
    partition: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000, description: 'Left out: all of them' }),
    ),
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'From this offset on; with a partition',
      }),
    ),
    from: Type.Optional(Type.String({ description: 'Appended from this time on; ISO 8601 with an offset' })),
    contains: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Key or value hold this text, in any case' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  },
  { additionalProperties: false },
);
export const MessageList = Type.Object({
  messages: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Type.Integer(),
      offset: Offset,
      timestamp: Type.String(),
      key: nullable(Type.String()),
      headers: Type.Record(Type.String(), Type.String()),
      format: Type.String({ description: 'Avro record, `json`, `text`, `bytes`, or `null` for a tombstone' }),
      value: Type.Any(),
    }),
    { description: 'Newest first; with offset or from: oldest first' },
  ),
  scanned: Type.Integer({ description: 'Records looked at' }),
  complete: Type.Boolean({ description: 'false: the look ended before the log did; go on from an offset' }),
});
export type MessagesQuery = Static<typeof MessagesQuery>;
