import type { EmbeddedEngine } from './engine.js';

const WRITES = /\b(?:create|insert|upsert|update|delete|relate|define|remove|alter|rebuild|begin)\b/i;

/**
 * The engine with writes one at a time, reads beside them. Version 3.0.2 of the embedded engine loses updates: of two
 * transactions under way at once that insert or conditionally replace the same record, both may commit, and the older
 * value may stand (8 % of concurrent inserts of one id in a trial). What may write is told by its words; what cannot
 * be read as a query counts as writing.
 */
export function withOneWriter(engine: EmbeddedEngine): EmbeddedEngine {
  let last: Promise<unknown> = Promise.resolve();
  return {
    execute: (frame) => {
      const sql = peekSql(frame);
      if (sql !== undefined && !WRITES.test(sql)) return engine.execute(frame);
      const mine = last.then(() => engine.execute(frame));
      last = mine.catch(() => {
        // whoever sent it is told; the next writer only waits for its end
      });
      return mine;
    },
    close: () => engine.close(),
  };
}

/** Text of a `query` request `{id, method, params: [sql, …]}` as the stock client writes it; undefined for anything else. */
export function peekSql(frame: Uint8Array): string | undefined {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 0;
  /** Head of a CBOR item of a major type: its length, or undefined (RFC 8949, 3.1). */
  const head = (majorType: number): number | undefined => {
    const first = bytes[at];
    if (first === undefined || first >> 5 !== majorType) return undefined;
    const short = first & 0x1f;
    const extra = [0, 1, 2, 4][Math.max(0, short - 23)];
    if (extra === undefined || at + 1 + extra > bytes.length) return undefined;
    const length = extra === 0 ? short : bytes.readUIntBE(at + 1, extra);
    at += 1 + extra;
    return length;
  };
  const text = (): string | undefined => {
    const length = head(3);
    if (length === undefined || at + length > bytes.length) return undefined;
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  if (head(5) === undefined || text() !== 'id' || text() === undefined) return undefined;
  if (text() !== 'method' || text() !== 'query' || text() !== 'params' || head(4) === undefined)
    return undefined;
  return text();
}
