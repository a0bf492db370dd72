import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { BodyBuffer } from './body-buffer.js';

const bytes = (size: number, value: number) => Buffer.alloc(size, value);

it('gathers a body larger than itself, and the next one in the same place', async () => {
  const bodies = new BodyBuffer();
  const parts = Array.from({ length: 20 }, (_, n) => bytes(50_000, n));
  const first = await bodies.collect(Readable.from(parts));
  expect(Buffer.compare(first, Buffer.concat(parts))).toBe(0);
  await new Promise(setImmediate);
  const second = await bodies.collect(Readable.from([bytes(10, 7)]));
  expect([second.length, second.buffer === first.buffer]).toEqual([10, true]);
});

it('gives a buffer of its own to a body that comes while another is gathered', async () => {
  const bodies = new BodyBuffer();
  const [first, second] = await Promise.all([
    bodies.collect(Readable.from([bytes(100, 1), bytes(100, 1)])),
    bodies.collect(Readable.from([bytes(100, 2), bytes(100, 2)])),
  ]);
  expect([first.every((byte) => byte === 1), second.every((byte) => byte === 2)]).toEqual([true, true]);
  expect(first.buffer).not.toBe(second.buffer);
});

it('fails where the connection is cut, and serves the next', async () => {
  const bodies = new BodyBuffer();
  const cut = new Readable({ read() {} });
  const failed = bodies.collect(cut);
  cut.push(bytes(10, 1));
  cut.destroy(new Error('aborted'));
  await expect(failed).rejects.toThrow('aborted');
  await new Promise(setImmediate);
  expect((await bodies.collect(Readable.from([bytes(3, 3)]))).length).toBe(3);
});
