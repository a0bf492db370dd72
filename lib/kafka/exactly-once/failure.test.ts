import { describe, expect, it } from 'vitest';
import { PoisonError } from '../../topology/task.js';
import { FatalError } from '../types.js';
import { classify } from './failure.js';
import { faultPointAt } from './fault-point.js';

const kafkaError = (name: string, type?: string, cause?: Error) =>
  Object.assign(new Error(name), { name, type, cause });

describe('classifying a failure', () => {
  it.each([
    [kafkaError('KafkaJSProtocolError', 'INVALID_PRODUCER_EPOCH'), 'fenced'],
    [
      kafkaError(
        'KafkaJSNumberOfRetriesExceeded',
        undefined,
        kafkaError('KafkaJSProtocolError', 'PRODUCER_FENCED'),
      ),
      'fenced',
    ],
    [kafkaError('KafkaJSProtocolError', 'MESSAGE_TOO_LARGE'), 'refused'],
    [kafkaError('KafkaJSProtocolError', 'TOPIC_AUTHORIZATION_FAILED'), 'refused'],
    [kafkaError('KafkaJSConnectionError'), 'unavailable'],
    [
      kafkaError('KafkaJSNumberOfRetriesExceeded', undefined, kafkaError('KafkaJSRequestTimeoutError')),
      'unavailable',
    ],
    [kafkaError('KafkaJSProtocolError', 'CONCURRENT_TRANSACTIONS'), 'unavailable'],
    [new Error('anything'), 'retriable'],
    [new PoisonError('3/0', new Error('no')), 'poison'],
    [new FatalError('no'), 'fatal'],
    ['a string', 'retriable'],
  ] as const)('calls %s %s', (error, kind) => {
    expect(classify(error)).toBe(kind);
  });
});

describe('a fault point', () => {
  it('strikes the n-th time that its moment is reached, once', () => {
    let strikes = 0;
    const point = faultPointAt('after-send:2', () => strikes++);
    for (const name of ['after-send', 'after-commit', 'after-send', 'after-send'] as const) point(name);
    expect(strikes).toBe(1);
  });

  it('strikes with work of a topic in hand, and then in the same partition, where that is asked for', () => {
    const signals: string[] = [];
    const point = faultPointAt('before-write@traces:2:SIGSTOP,after-write', (signal) => signals.push(signal));
    point('before-write', 'traces/0');
    point('before-write', 'events/1');
    point('after-write', 'traces/1');
    expect(signals).toEqual([]);
    point('before-write', 'traces/1');
    point('after-write', 'traces/0');
    expect(signals).toEqual(['SIGSTOP']);
    point('after-write', 'traces/1');
    expect(signals).toEqual(['SIGSTOP', 'SIGKILL']);
  });

  it('ends the process, or stops it where that is asked for', () => {
    const signals: string[] = [];
    for (const spec of ['after-send', 'after-send:1:SIGSTOP'])
      faultPointAt(spec, (signal) => signals.push(signal))('after-send');
    expect(signals).toEqual(['SIGKILL', 'SIGSTOP']);
  });

  it.each(['nowhere:1', 'after-send:0', 'after-send:x', 'after-send:1:SIGTERM', 'after-send,'])(
    'refuses %s',
    (spec) => {
      expect(() => faultPointAt(spec, () => {})).toThrow(/NAME:N/);
    },
  );
});
