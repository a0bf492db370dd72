import { createRequire } from 'node:module';
import type { QdrantClient } from '@qdrant/js-client-rest';
import type { TlsMaterial } from '../../config/connections.js';

/**
 * The one file that reaches into the Qdrant client (pinned exactly): it makes its connections itself and takes neither an
 * authority nor a certificate for them. Its CommonJS build asks a module of its own for what makes them, which can be told.
 */
const require = createRequire(import.meta.url);

interface Undici {
  Agent: new (options: object) => unknown;
}

/** The client's class, whose connections are made with `tls`: one setting for a process. */
export function clientOver(tls: TlsMaterial): typeof QdrantClient {
  const entry = require.resolve('@qdrant/js-client-rest');
  const inside = createRequire(entry);
  const dispatcher = inside('./dispatcher.js') as { createDispatcher: (connections?: number) => unknown };
  const { Agent } = inside('undici') as Undici;
  // as the client has it, and `connect` beside it
  dispatcher.createDispatcher = (connections = 25) =>
    new Agent({ bodyTimeout: 0, headersTimeout: 0, keepAliveTimeout: 10_000, connections, connect: tls });
  return (inside(entry) as { QdrantClient: typeof QdrantClient }).QdrantClient;
}
