import { KafkaJSConnectionError, KafkaJSProtocolError } from 'kafkajs';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { isOutage, untilAnswered } from './until-answered.js';

const logger = pino({ level: 'silent' });
const away = () => new KafkaJSConnectionError('connect ECONNREFUSED');

it('asks again while nobody answers', async () => {
  let asked = 0;
  const answer = await untilAnswered(
    'a question',
    async () => {
      if (++asked < 3) throw away();
      return 'yes';
    },
    { logger },
  );
  expect([answer, asked]).toEqual(['yes', 3]);
});

it('asks once where the answer is a refusal, and no longer than it may', async () => {
  let asked = 0;
  const refused = async () => {
    asked++;
    throw new Error('no such thing');
  };
  await expect(untilAnswered('a question', refused, { logger })).rejects.toThrow('no such thing');
  expect(asked).toBe(1);
  const never = () => Promise.reject(away());
  await expect(untilAnswered('a question', never, { logger, limitMs: 300 })).rejects.toThrow('ECONNREFUSED');
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('told to end')), 100);
  await expect(
    untilAnswered('a question', never, { logger, limitMs: Number.POSITIVE_INFINITY, signal: stop.signal }),
  ).rejects.toThrow('told to end');
});

it('knows an outage by its cause, and does not take a missing topic for one', () => {
  const missing = new KafkaJSProtocolError({ type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3 } as never);
  expect(isOutage(new Error('gave up', { cause: away() }))).toBe(true);
  expect(isOutage(missing)).toBe(false);
  expect(isOutage(new Error('anything'))).toBe(false);
});
