import type { Readable } from 'node:stream';

const FIRST_BYTES = 256 * 1024;

/**
 * Gathers the bodies of answers in one buffer that is used again and again: a page is some 2 MB, and one after the other
 * they would leave as much behind as the collector is late. What {@link collect} gives holds until the next turn of the
 * event loop; the SDK makes text of it at once. While it is in use, others get a buffer of their own.
 */
export class BodyBuffer {
  private buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private busy = false;

  collect = async (body: Readable): Promise<Uint8Array> => {
    if (this.busy) {
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    this.busy = true;
    try {
      let used = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (used + chunk.length > this.buffer.length) this.grow(used, used + chunk.length);
        used += chunk.copy(this.buffer, used);
      }
      return this.buffer.subarray(0, used);
    } finally {
      setImmediate(() => {
        this.busy = false;
      });
    }
  };

  private grow(used: number, needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, used);
    this.buffer = larger;
  }
}
