import { expect, it } from 'vitest';
import { AnswerTable } from './answer-table.js';

const answer = (traceId: string) => ({ traceId, createdMs: 1 });
const header = (text: string) => Buffer.from(text);

it('brings each answer to the event that it is for, and says once that all are there', () => {
  const table = new AnswerTable('me');
  let done = 0;
  const wait = table.open(['a', 'b'], () => done++);
  expect(table.find(header(table.replyTo(wait, 1)))).toEqual({ wait, eventId: 'b' });
  table.settle(wait, 'b', answer('t'));
  expect([done, [...wait.remaining]]).toEqual([0, ['a']]);
  table.settle(wait, 'b', answer('later'));
  table.settle(wait, 'nobody asked', answer('t'));
  table.settle(wait, 'a', answer('u'));
  table.settle(wait, 'a', answer('again'));
  expect(done).toBe(1);
  expect([...wait.answers].map(([id, { traceId }]) => [id, traceId])).toEqual([
    ['b', 't'],
    ['a', 'u'],
  ]);
});

it("finds nothing for other gateways' headers, odd ones, and waits that are over", () => {
  const table = new AnswerTable('me');
  const wait = table.open(['a'], () => {});
  const own = table.replyTo(wait, 0);
  for (const text of [
    '',
    'me',
    'me/',
    'me/x',
    'me/0',
    'me/0.1',
    'me/0.',
    'me/0.0.0',
    'me/9.0',
    'you/0.0',
    `x${own}`,
  ]) {
    expect([text, table.find(header(text))]).toEqual([text, undefined]);
  }
  expect(table.find(undefined)).toBeUndefined();
  expect(table.find(header(own))).toBeDefined();
  table.close(wait);
  expect(table.find(header(own))).toBeUndefined();
  table.settle(wait, 'a', answer('late'));
  expect([table.size, wait.answers.size]).toEqual([0, 0]);
});
