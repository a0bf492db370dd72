import { describe, expect, it } from 'vitest';
import { keptText, sizeOf } from './kept.js';

describe('what a topic keeps', () => {
  it.each([
    [{ 'cleanup.policy': 'delete', 'retention.ms': '604800000' }, '7 d'],
    [{ 'cleanup.policy': 'compact' }, 'latest of each key'],
    [{ 'cleanup.policy': 'compact,delete', 'retention.ms': '2592000000' }, 'latest of each key, 30 d'],
    [{ 'retention.ms': '-1' }, 'for ever'],
    [{}, 'as the broker is set'],
  ])('%j is said as %s', (config, text) => {
    expect(keptText(config as Record<string, string>)).toBe(text);
  });

  it('is counted over its partitions', () => {
    const partitions = [
      { partition: 0, start: 10, end: 15 },
      { partition: 1, start: 0, end: 2 },
    ];
    expect(sizeOf({ partitions })).toBe(7);
  });
});
