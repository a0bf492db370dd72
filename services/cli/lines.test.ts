import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitLines } from './lines.js';

async function linesOf(chunks: Buffer[]): Promise<Buffer[]> {
  const lines: Buffer[] = [];
  async function* source() {
    yield* chunks;
  }
  for await (const line of splitLines(source())) lines.push(line);
  return lines;
}

const texts = async (...chunks: string[]) =>
  (await linesOf(chunks.map((chunk) => Buffer.from(chunk)))).map(String);

it.each([
  { input: [''], lines: [] },
  { input: ['a'], lines: ['a'] },
  { input: ['a\n'], lines: ['a'] },
  { input: ['a\n\nb'], lines: ['a', '', 'b'] },
  { input: ['\n'], lines: [''] },
  { input: ['a\r\nb\r\n'], lines: ['a', 'b'] },
  { input: ['a\r', '\nb'], lines: ['a', 'b'] },
  { input: ['one ', 'li', 'ne\ntwo'], lines: ['one line', 'two'] },
])('$input holds the lines $lines', async ({ input, lines }) => {
  expect(await texts(...input)).toEqual(lines);
});

it('lines keep their bytes, however the input is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc
          .uint8Array({ maxLength: 20 })
          .map((bytes) => Buffer.from(bytes.filter((b) => b !== 10 && b !== 13))),
      ),
      fc.array(fc.nat(200)),
      async (lines, cuts) => {
        const whole = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        expect(await linesOf(chunks)).toEqual(lines);
      },
    ),
  );
});
