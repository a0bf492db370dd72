const LONGEST_NUMBER = 25;
const LONGEST_SMALL = 11;
const SMALL = 2 ** 31;

/** So many bytes at most has plain data as JSON in UTF-8. Much quicker than writing it, for what is mostly far from any limit. */
export function mostJsonBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return textBytes(value);
    case 'number':
      return value % 1 === 0 && value < SMALL && value >= -SMALL ? LONGEST_SMALL : LONGEST_NUMBER;
    case 'object': {
      if (value === null) return 4;
      let bytes = 2;
      if (Array.isArray(value)) for (const item of value) bytes += 1 + mostJsonBytes(item);
      else for (const key in value) bytes += 2 + textBytes(key) + mostJsonBytes(value[key as never]);
      return bytes;
    }
    default:
      return 5;
  }
}

function textBytes(text: string): number {
  let bytes = 2;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || (code >= 0xd800 && code <= 0xdfff)) bytes += 6;
    else bytes += code < 128 && code !== 34 && code !== 92 ? 1 : 3;
  }
  return bytes;
}
