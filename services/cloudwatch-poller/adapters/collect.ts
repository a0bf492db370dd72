import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Events of a page from which on it is worth some 20 ms to give its memory back at once. */
const LARGE_PAGE_EVENTS = 1_000;

/**
 * Called when a page has been read, and again when it is delivered: its text, then its events are garbage. Of a full page
 * either is some 10 MB that outlive the young generation, and V8 would let several of them gather before it looks: the
 * memory of this process is bounded, its time is not short.
 */
export function collectAfter(events: number): void {
  if (events >= LARGE_PAGE_EVENTS) collectGarbage();
}
