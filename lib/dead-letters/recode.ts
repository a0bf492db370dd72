import type { Letter } from './letter.js';

/**
 * A letter of bytes that are no UTF-8, with its value as UTF-8; `encoding` is what it is written in (a label of the WHATWG
 * Encoding Standard). Other letters stay as they are. A text: why it cannot be read so.
 */
export function recode(letter: Letter, encoding: string): Letter | string {
  if (letter.cause !== 'INVALID_UTF8' || letter.value === null) return letter;
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(letter.value);
    return { ...letter, value: Buffer.from(text, 'utf8') };
  } catch {
    // the only thing that it throws for: what the caller is told
    return `its bytes are not ${encoding}`;
  }
}

/** Whether there is an encoding of that name. */
export function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name, { fatal: true }).fatal;
  } catch {
    // an unknown label is a RangeError, which is the answer
    return false;
  }
}
