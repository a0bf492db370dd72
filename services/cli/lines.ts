import { open } from 'node:fs/promises';

const LF = 10;
const CR = 13;

/**
 * The lines of a byte stream, untouched but for their LF or CRLF: text of any encoding passes as it is. A last line
 * without LF counts; the empty rest after a last LF does not.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      rest.push(chunk.subarray(from, at));
      yield withoutCr(rest.length === 1 ? rest[0]! : Buffer.concat(rest));
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

const withoutCr = (line: Buffer): Buffer => (line.at(-1) === CR ? line.subarray(0, -1) : line);

/** Lines of a file, or of standard input. @throws where the file cannot be read, before the first line. */
export async function inputLines(file: string | undefined): Promise<AsyncGenerator<Buffer>> {
  if (file === undefined || file === '-') return splitLines(process.stdin);
  const handle = await open(file);
  if ((await handle.stat()).isDirectory()) throw new Error(`${file} is a folder`);
  return splitLines(handle.createReadStream());
}
