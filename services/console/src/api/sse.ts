/** A server-sent event. */
export interface SentEvent {
  /** `message` where none is named. */
  event: string;
  data: string;
  /** The last id that was told so far; null: none yet. */
  id: string | null;
}

/**
 * Reads a stream of server-sent events (WHATWG HTML, 9.2), however it is cut into chunks. EventSource cannot send a key in a header, so this
 * stands in for it.
 */
export class SentEventReader {
  private rest = '';
  private data: string[] = [];
  private event = '';
  private id: string | null = null;
  /** How long to wait before coming again, milliseconds; null: the server did not say. */
  retryMs: number | null = null;

  /** The events that a further chunk completes. */
  take(chunk: string): SentEvent[] {
    const found: SentEvent[] = [];
    // a CR at the end may be half of a line's end
    const text = this.rest + chunk;
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') this.dispatch(found);
      else this.field(line);
    }
    return found;
  }

  private dispatch(found: SentEvent[]): void {
    if (this.data.length > 0)
      found.push({ event: this.event || 'message', data: this.data.join('\n'), id: this.id });
    this.data = [];
    this.event = '';
  }

  private field(line: string): void {
    const at = line.indexOf(':');
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }
}
