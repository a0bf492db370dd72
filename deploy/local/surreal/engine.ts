import { randomUUID } from 'node:crypto';
import { createNodeEngines } from '@surrealdb/node';
import { CborCodec, type CodecRegistry, type RpcEngine } from 'surrealdb';

/** Takes a request of SurrealDB's RPC as one CBOR message; resolves to its result, or `{error}`, without an envelope. */
export interface EmbeddedEngine {
  execute(request: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens SurrealDB's embedded engine. Its public class encodes and decodes every message; a codec that does neither
 * gives the bytes of a websocket frame straight to the native side and back.
 *
 * @param folder where surrealkv keeps its files; made if missing
 * @throws when it has not opened within `timeoutMs`: the native side may wait for ever and cannot be called off, so
 *         the process must exit then. A folder that another process holds is refused at once.
 */
export async function openEngine(folder: string, timeoutMs: number): Promise<EmbeddedEngine> {
  const verbatim = {
    encode: (message: { frame: Uint8Array }) => message.frame,
    decode: (answer: Uint8Array) => answer,
  };
  const factory = createNodeEngines().surrealkv!;
  const engine = factory({
    options: {},
    uniqueId: randomUUID,
    codecs: { cbor: verbatim as unknown as CodecRegistry['cbor'] } as CodecRegistry,
  }) as unknown as RpcEngine & {
    open(state: object): void;
    close(): Promise<void>;
    subscribe(event: string, listener: (error: Error) => void): () => void;
    send(request: { frame: Uint8Array }): Promise<Uint8Array>;
  };
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(
      () =>
        reject(
          new Error(
            `${folder} did not open within ${timeoutMs} ms: most likely another process holds it (one process at a time)`,
          ),
        ),
      timeoutMs,
    );
    const settle = (finish: () => void) => () => {
      clearTimeout(limit);
      finish();
    };
    engine.subscribe('connected', settle(resolve));
    engine.subscribe('error', (error) =>
      settle(() => reject(new Error(`${folder} did not open: ${String(error.cause ?? error)}`)))(),
    );
    engine.open({ url: { toString: () => `surrealkv://${folder}` } });
  });
  return {
    execute: (frame) => engine.send({ frame }),
    close: () => engine.close(),
  };
}

/** One RPC call by us, not by a client. @throws with the engine's message where it refuses. */
export async function callEngine(
  engine: EmbeddedEngine,
  method: string,
  params: unknown[],
): Promise<unknown> {
  const answer = await engine.execute(CborCodec.DEFAULT.encode({ id: 'server', method, params }));
  // the codec reads a view's whole buffer from its start, so it gets a copy that has no offset
  const result = CborCodec.DEFAULT.decode<unknown>(Uint8Array.from(answer));
  if (result !== null && typeof result === 'object' && 'error' in result) {
    throw new Error(`${method}: ${JSON.stringify(result.error)}`);
  }
  return result;
}
