import { type Static, Type } from '@sinclair/typebox';
import { SCOPES } from './core/api-keys.js';

const MAX_NAME_LENGTH = 100;
const YEAR_S = 365 * 86_400;
export const DEFAULT_LIFETIME_S = 90 * 86_400;

const ScopeName = Type.Union(
  SCOPES.map((scope) => Type.Literal(scope)),
  { description: 'ingest: send; read: query; admin: everything, keys included' },
);
const Moment = Type.String({ format: 'date-time' });
const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);

export const KeyIn = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: MAX_NAME_LENGTH,
      description: 'Who or what it is for; shown in lists and in the audit log',
    }),
    scopes: Type.Array(ScopeName, { minItems: 1, maxItems: 10 }),
    expires_in_s: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10 * YEAR_S,
        default: DEFAULT_LIFETIME_S,
        description: 'Seconds until it ends; every key ends',
      }),
    ),
    requests_per_minute: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000_000,
        description: "Left out: the gateway's own limit",
      }),
    ),
  },
  { additionalProperties: false },
);

const keyFields = {
  id: Type.String({ description: 'Says nothing about the secret' }),
  name: Type.String(),
  scopes: Type.Array(ScopeName),
  created_at: Moment,
  created_by: Type.String({ description: 'Id of the key that made it' }),
  expires_at: Moment,
  requests_per_minute: Type.Union([Type.Integer(), Type.Null()]),
};

export const KeyMade = Type.Object({
  ...keyFields,
  key: Type.String({ description: 'The key itself: shown here and never again' }),
});

export const KeyOut = Type.Object({
  ...keyFields,
  state: Type.Union([Type.Literal('active'), Type.Literal('expired'), Type.Literal('revoked')]),
  last_used_at: Type.Union([Moment, Type.Null()], { description: 'To the minute' }),
  revoked_at: Nullable(Moment),
});

export const KeyParams = Type.Object({ id: Type.String({ maxLength: 512, description: 'Id of the key' }) });
export const KeyList = Type.Object({ keys: Type.Array(KeyOut) });
export const KeyRevoked = Type.Null({ description: 'It is revoked' });
export type KeyIn = Static<typeof KeyIn>;
export type KeyParams = Static<typeof KeyParams>;
