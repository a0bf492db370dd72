const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
/** Depth between two elements: in the array, in the object. */
const BETWEEN_ELEMENTS = 2;

/**
 * Takes the objects of one array out of a JSON object while its bytes come in, so that neither the text of the whole nor its
 * value is ever in memory: `{"events":[{…},{…}],"nextToken":"…"}`. What is left, with an empty array, is JSON as before:
 * whatever is malformed outside of the elements is so in what is left.
 */
export class ArraySplitter {
  private readonly key: Buffer;
  /** Bytes of the chunks so far that belong to an unfinished string or element, or are not yet looked at. */
  private carried: Buffer = Buffer.alloc(0);
  private readonly rest: Buffer[] = [];
  private depth = 0;
  private inString = false;
  private inArray = false;
  /** Whether the string that ended last in the outer object is the key. */
  private atKey = false;

  /**
   * @param key of the array in the outer object, without characters that JSON escapes
   * @param onElement is given the bytes of one object, which hold for the call only
   */
  constructor(
    key: string,
    private readonly onElement: (json: Buffer) => void,
  ) {
    this.key = Buffer.from(key);
  }

  write(chunk: Buffer): void {
    const from = this.carried.length;
    const data = from === 0 ? chunk : Buffer.concat([this.carried, chunk]);
    // everything before `kept` is dealt with: an element that was handed over, or a piece of the rest
    let kept = 0;
    let at = from;
    let stringAt = this.inString && this.depth === 1 ? 0 : -1;
    while (at < data.length) {
      if (this.inString) {
        const end = data.indexOf(QUOTE, at);
        if (end < 0) break;
        at = end + 1;
        if (isEscaped(data, end)) continue;
        this.inString = false;
        if (this.depth === 1) this.atKey = data.subarray(stringAt + 1, end).equals(this.key);
        continue;
      }
      const byte = data[at]!;
      if (byte === QUOTE) {
        this.inString = true;
        if (this.depth === 1) {
          // a string that goes on in the next chunk is looked at as a whole
          this.keep(data, kept, at);
          kept = at;
          stringAt = at;
        }
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (this.depth === 1) this.inArray = this.atKey && byte === OPEN_ARRAY;
        if (this.inArray && this.depth === BETWEEN_ELEMENTS) {
          this.keep(data, kept, at);
          kept = at;
        }
        this.depth++;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.depth--;
        if (this.inArray && this.depth === BETWEEN_ELEMENTS) {
          this.onElement(data.subarray(kept, at + 1));
          kept = at + 1;
        } else if (this.depth === 1) this.inArray = false;
      } else if (byte === COMMA && this.inArray && this.depth === BETWEEN_ELEMENTS) {
        this.keep(data, kept, at);
        kept = at + 1;
      }
      at++;
    }
    this.carried = Buffer.from(data.subarray(kept));
  }

  private keep(data: Buffer, from: number, to: number): void {
    if (to > from) this.rest.push(Buffer.from(data.subarray(from, to)));
  }

  /** What is left of the JSON when its last byte has come. */
  end(): Buffer {
    return Buffer.concat([...this.rest, this.carried]);
  }
}

function isEscaped(data: Buffer, at: number): boolean {
  let first = at;
  while (data[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
