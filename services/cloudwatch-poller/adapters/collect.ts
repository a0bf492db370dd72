import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Events of a page from which on it is worth some 20 ms to give its memory back at once. */
const LARGE_PAGE_EVENTS = 1_000;

/**
 * Called when a page is done with. A full page is some 10 MB of strings and objects that outlive the young generation, and
 * V8 would let several of them gather before it looks: the memory of the process is bounded, its time is not short.
 */
export function pageIsDone(events: number): void {
  if (events >= LARGE_PAGE_EVENTS) collectGarbage();
}
