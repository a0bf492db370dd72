import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startStack, type TestStack } from '../../testing/stack.js';
import type { SurrealStore } from './connection.js';
import { connectTestStore, emptyStore } from './fixtures.js';

/** Gives the tests of a file a SurrealDB of their own: told to `onOpen` before the first of them, without a row before each. */
export function ownStore(onOpen: (store: SurrealStore, stack: TestStack) => void): void {
  let stack: TestStack | undefined;
  let store: SurrealStore | undefined;
  beforeAll(async () => {
    stack = await startStack({ surreal: true });
    store = await connectTestStore(stack.env);
    onOpen(store, stack);
  });
  afterAll(async () => {
    await store?.close();
    await stack?.stop();
  });
  beforeEach(() => emptyStore(store!));
}
