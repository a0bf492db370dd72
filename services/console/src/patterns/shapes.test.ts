import { describe, expect, it } from 'vitest';
import { shapeOf } from './shapes.js';

describe('the shape of a line', () => {
  it.each([
    ['cache hit for user 4711 in 0.3 ms', 'cache hit for user <n> in <n> ms'],
    ['job 8fb12b70-7dd7-5614-837b-c26da3b0cb20 done', 'job <id> done'],
    ['2026-01-07T19:00:00.123Z ready', '<time> ready'],
    [`read "a.txt" as 'utf-8'`, `read "…" as '…'`],
    ['commit deadbeef01 pushed', 'commit <hex> pushed'],
    ['nothing varies here', 'nothing varies here'],
  ])('%s → %s', (line, shape) => expect(shapeOf(line)).toBe(shape));
});
