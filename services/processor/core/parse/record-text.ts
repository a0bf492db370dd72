import type { StateStore } from '../../../../lib/topology/topology.js';
import { type OpenRecord, type ParseState, stateKeys, type TextState } from './parse-state.js';

/** Characters of one piece. At worst six bytes each as JSON, it fits a changelog entry of 64 KiB beside the rest of the stream's state. */
const PIECE_CHARS = 2_500;
/** Lines of one record; their ends are kept beside the text. */
export const MAX_RECORD_LINES = 1_500;

/** Adds a line to an open record's text, moving full pieces to entries of their own. */
export function appendLine(
  open: OpenRecord,
  line: string,
  stream: string,
  store: StateStore<ParseState>,
): void {
  const start = open.ends.at(-1) ?? 0;
  open.ends.push(start + line.length);
  open.tail += line;
  while (open.tail.length > PIECE_CHARS) {
    store.put(stateKeys.text(stream, open.pieces), { kind: 'text', text: open.tail.slice(0, PIECE_CHARS) });
    open.tail = open.tail.slice(PIECE_CHARS);
    open.pieces++;
  }
}

/** The lines of an open record, as they were printed. */
export function readLines(open: OpenRecord, stream: string, store: StateStore<ParseState>): string[] {
  let whole = '';
  for (let piece = 0; piece < open.pieces; piece++)
    whole += (store.get(stateKeys.text(stream, piece)) as TextState).text;
  whole += open.tail;
  let start = 0;
  return open.ends.map((end) => {
    const line = whole.slice(start, end);
    start = end;
    return line;
  });
}

/** Removes the pieces of a record that is done with. */
export function dropText(open: OpenRecord, stream: string, store: StateStore<ParseState>): void {
  for (let piece = 0; piece < open.pieces; piece++) store.delete(stateKeys.text(stream, piece));
}

/** A text cut to at most `maxBytes` of UTF-8, never inside a code point. */
export function cutText(text: string, maxBytes: number): { text: string; cut: boolean } {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text, 'utf8') <= maxBytes) return { text, cut: false };
  let end = Math.min(text.length, maxBytes);
  while (Buffer.byteLength(text.slice(0, end), 'utf8') > maxBytes) {
    const over = Buffer.byteLength(text.slice(0, end), 'utf8') - maxBytes;
    end -= Math.max(1, Math.ceil(over / 3));
  }
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end--;
  return { text: text.slice(0, end), cut: true };
}
