/** Where a scan of JSON stands at the end of a line, so that the next line can go on. */
export interface JsonDepth {
  /** Braces and brackets that are still open. */
  open: number;
  inString: boolean;
}

/** Called on strings of many kinds (sliced, joined, interned), a method is looked up anew at each call; this one is not. */
const { charCodeAt } = String.prototype;

/** Counts braces outside strings. Works on Python's dict printing too, whose strings may stand in single quotes. */
export function scanDepth(text: string, from: JsonDepth = { open: 0, inString: false }): JsonDepth {
  let { open, inString } = from;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = charCodeAt.call(text, i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) open++;
    else if (code === 125 || code === 93) open--;
  }
  // a physical line never ends inside a JSON string: the quote was an apostrophe's cousin
  return { open, inString: false };
}

/** Whether a text may be the first line of JSON printed over several: it ends open, on a brace, a bracket or a comma. */
export function opensJson(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  if (last !== 123 && last !== 91 && last !== 44) return false;
  if (last === 44 && text.charCodeAt(0) !== 123 && text.charCodeAt(0) !== 91) return false;
  return scanDepth(text).open > 0;
}
