import type { ListPlace } from '../../../lib/dead-letters/listed-letter.js';

/** Where the next page of dead letters goes on, as text that means nothing to its reader. */
export const encodeLetterCursor = ({ refusedMs, partition, offset }: ListPlace): string =>
  Buffer.from(JSON.stringify([refusedMs, partition, offset]), 'utf8').toString('base64url');

/** Reads what {@link encodeLetterCursor} writes; null for anything else. */
export function decodeLetterCursor(cursor: string): ListPlace | null {
  try {
    const [refusedMs, partition, offset, ...more] = JSON.parse(
      Buffer.from(cursor, 'base64url').toString('utf8'),
    ) as number[];
    const numbers = [refusedMs, partition, offset];
    if (more.length > 0 || !numbers.every((number) => Number.isSafeInteger(number))) return null;
    return { refusedMs: refusedMs!, partition: partition!, offset: offset! };
  } catch {
    // anyone may send anything: what is no cursor of ours is none
    return null;
  }
}
