import { describe, expect, it, test } from 'vitest';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { AppendClock, lineReader } from './line-input.js';

const T = Date.UTC(2026, 1, 3, 4, 5, 6);
const NOW = T + 86_400_000;
const read = lineReader(localCodec());

describe('the time that a line tells', () => {
  test.each([
    ['a prefix', '2026-02-03T04:05:06Z INFO ready', T],
    ['a field of a decoded line', '{"time":"2026-02-03T04:05:06Z","msg":"ready"}', T],
    [
      'the timestamp beside a message',
      '{"message":"x","source":{"system":"f"},"timestamp":"2026-02-03T04:05:06Z"}',
      T,
    ],
    [
      'the message, where nothing stands beside it',
      '{"message":"2026-02-03T04:05:06Z x","source":{"system":"f"}}',
      T,
    ],
    ['an event', '{"timestamp":"2026-02-03T04:05:06Z","properties":{}}', T],
    ['none', 'ready', null],
  ])('%s', (_name, line, timeMs) => {
    const input = read(Buffer.from(line));
    expect(input.ok && input.value.timeMs).toBe(timeMs);
  });
});

it('puts lines without a source on one stream, and the others on theirs', () => {
  const streamOf = (line: string) => {
    const input = read(Buffer.from(line));
    return input.ok ? input.value.stream : 'refused';
  };
  expect(streamOf('x')).toBe(streamOf('{"a":1}'));
  expect(streamOf('{"message":"x","source":{"system":"f","log_stream":"a"}}')).toBe('f:///a');
});

describe('append times', () => {
  const times = (...ticks: [stream: string | null, timeMs: number | null][]) => {
    const clock = new AppendClock(NOW);
    return ticks.map(([stream, timeMs]) => clock.tick(stream, timeMs) - T);
  };
  const now = NOW - T;
  test.each([
    ['now, where no line tells a time', [['a', null]], [now]],
    [
      'grow with the stream and never fall',
      [
        ['a', T + 5],
        ['a', T + 1],
        ['a', null],
        ['a', T + 9],
      ],
      [5, 5, 5, 9],
    ],
    [
      'of a stream do not depend on others',
      [
        ['a', T],
        ['b', T + 9],
        ['a', null],
        ['a', T + 1],
      ],
      [0, 9, 0, 1],
    ],
    [
      'of a stream without any are the latest of all',
      [
        ['a', T],
        ['b', T + 9],
        ['c', null],
      ],
      [0, 9, 9],
    ],
    [
      'of no stream are the latest of all',
      [
        ['a', T + 3],
        [null, null],
      ],
      [3, 3],
    ],
    [
      'are not led astray by a time to come',
      [
        ['a', T],
        ['a', NOW + 301_000],
        ['a', null],
      ],
      [0, 0, 0],
    ],
    ['take a time that is a little ahead', [['a', NOW + 300_000]], [now + 300_000]],
  ] as [string, [string | null, number | null][], number[]][])('%s', (_name, ticks, expected) => {
    expect(times(...ticks)).toEqual(expected);
  });
});
