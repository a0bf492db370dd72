import { connectSurreal, type SurrealStore } from '../../lib/stores/surreal/index.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { readRows, readTraces, type StoredEvent, type StoredTrace } from '../faults/check/holdings.js';

/** SurrealDB of a stack, as its services use it. */
export const surrealOf = (stack: TestStack): Promise<SurrealStore> =>
  connectSurreal({
    url: stack.env.SURREAL_URL!,
    user: stack.env.SURREAL_USER ?? 'root',
    password: stack.env.SURREAL_PASS ?? 'root',
    namespace: 'vectadb',
    database: 'production',
  });

export async function readSurreal(stack: TestStack): Promise<{ rows: StoredEvent[]; traces: StoredTrace[] }> {
  const store = await surrealOf(stack);
  try {
    return { rows: await readRows(store), traces: await readTraces(store) };
  } finally {
    await store.close();
  }
}
