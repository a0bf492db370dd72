import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HELD_BYTES = 16 * 1024 * 1024;
const WINDOW_BYTES = 1024 * 1024;

/**
 * Bytes that are written once and read by position later: in memory up to `heldBytes`, then in a temporary file that has no
 * name any more, so that it goes with the process. Reading in the order of writing is cheap.
 */
export class Spill {
  private held: Buffer[] = [];
  private heldSize = 0;
  private written = 0;
  private fd: number | null = null;
  private window: { at: number; bytes: Buffer } = { at: 0, bytes: Buffer.alloc(0) };

  constructor(private readonly heldBytes = HELD_BYTES) {}

  /** Adds bytes, which must not change afterwards; returns where they begin. */
  append(bytes: Buffer): number {
    const at = this.written + this.heldSize;
    this.held.push(bytes);
    this.heldSize += bytes.length;
    if (this.heldSize >= this.heldBytes) this.flush();
    return at;
  }

  /** The `length` bytes at `at`, as appended. */
  read(at: number, length: number): Buffer {
    const { window } = this;
    if (at < window.at || at + length > window.at + window.bytes.length) this.window = this.load(at, length);
    const from = at - this.window.at;
    return this.window.bytes.subarray(from, from + length);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private load(at: number, length: number): { at: number; bytes: Buffer } {
    if (at >= this.written) {
      this.held = [Buffer.concat(this.held)];
      return { at: this.written, bytes: this.held[0]! };
    }
    const bytes = Buffer.alloc(Math.min(Math.max(length, WINDOW_BYTES), this.written - at));
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.fd!, bytes, done, bytes.length - done, at + done);
      if (count === 0) throw new Error(`the temporary file ends before byte ${at + bytes.length}`);
      done += count;
    }
    return { at, bytes };
  }

  private flush(): void {
    this.fd ??= openUnnamed();
    const bytes = Buffer.concat(this.held);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, this.written + done);
    this.written += bytes.length;
    this.held = [];
    this.heldSize = 0;
  }
}

function openUnnamed(): number {
  const folder = mkdtempSync(join(tmpdir(), 'vectadb-'));
  const fd = openSync(join(folder, 'events'), 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  return fd;
}
