import type { QdrantClient } from '@qdrant/js-client-rest';
import { asking, QdrantMissingError } from './errors.js';

/** What readers that do not know the model ask for. */
export const ALIAS = 'agent_events';

const INDEXES = {
  event_id: 'keyword',
  trace_id: 'keyword',
  group_id: 'keyword',
  event_type: 'keyword',
  agent_id: 'keyword',
  session_id: 'keyword',
  timestamp: 'integer',
  appended_ms: 'integer',
} as const;

/** Vectors of two models never share a collection: its name is the model's, in characters that Qdrant takes. */
export const collectionOf = (model: string): string =>
  `${ALIAS}_${model.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`;

/** Makes the model's collection and its payload indexes where they are missing, and points the alias at it. */
export async function ensureCollection(
  client: QdrantClient,
  model: string,
  dimensions: number,
): Promise<string> {
  const name = collectionOf(model);
  const { exists } = await asking('collection exists', () => client.collectionExists(name));
  if (!exists) await createUnlessThere(client, name, dimensions);
  const info = await asking('collection', () => client.getCollection(name));
  for (const [field, schema] of Object.entries(INDEXES)) {
    if (info.payload_schema[field]) continue;
    await asking(`index ${field}`, () =>
      client.createPayloadIndex(name, {
        field_name: field,
        field_schema: schema as 'keyword' | 'integer',
        wait: true,
      }),
    );
  }
  const before = await aliasTarget(client);
  if (before !== name) {
    const create = { create_alias: { alias_name: ALIAS, collection_name: name } };
    const actions = before === null ? [create] : [{ delete_alias: { alias_name: ALIAS } }, create];
    // one request: at no time is there no alias
    await asking('alias', () => client.updateCollectionAliases({ actions }));
  }
  return name;
}

async function createUnlessThere(client: QdrantClient, name: string, dimensions: number): Promise<void> {
  try {
    await asking('create collection', () =>
      client.createCollection(name, { vectors: { size: dimensions, distance: 'Cosine' } }),
    );
  } catch (error) {
    // two sinks start at once: whoever came second finds it made
    const { exists } = await asking('collection exists', () => client.collectionExists(name));
    if (!exists) throw error;
  }
}

/** The collection behind the alias, or null. */
export async function aliasTarget(client: QdrantClient): Promise<string | null> {
  try {
    const { aliases } = await asking('aliases', () => client.getAliases());
    return aliases.find((alias) => alias.alias_name === ALIAS)?.collection_name ?? null;
  } catch (error) {
    if (error instanceof QdrantMissingError) return null;
    throw error;
  }
}
