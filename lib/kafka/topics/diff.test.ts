import { describe, expect, it } from 'vitest';
import { type ActualTopic, diffTopics } from './diff.js';
import type { TopicDefinition } from './topic-file.js';

const wanted = (over: Partial<TopicDefinition> = {}): TopicDefinition => ({
  name: 't',
  doc: 'T.',
  value: [],
  internal: false,
  keyedState: false,
  partitions: 6,
  replication: 1,
  config: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete' },
  ...over,
});

const there = (over: Partial<ActualTopic> = {}): Map<string, ActualTopic> =>
  new Map([
    ['t', { name: 't', partitions: 6, replication: 1, overrides: { ...wanted().config }, ...over }],
    ['someone-elses', { name: 'someone-elses', partitions: 1, replication: 1, overrides: {} }],
  ]);

const kinds = (topic: TopicDefinition, actual: Map<string, ActualTopic>) =>
  diffTopics([topic], actual).map(({ kind }) => kind);

describe('the difference between topics.yaml and the cluster', () => {
  it('is nothing where all is equal, and never a topic that the file does not name', () => {
    expect(diffTopics([wanted()], there())).toEqual([]);
  });

  it('is a creation where the topic is missing', () => {
    expect(kinds(wanted(), new Map())).toEqual(['create']);
  });

  it('takes cleanup.policy as a set', () => {
    const overrides = { 'retention.ms': '1000', 'cleanup.policy': 'delete,compact' };
    expect(diffTopics([wanted()], there({ overrides }))).toEqual([]);
  });

  it('names each override that differs, is missing or is not in the file', () => {
    const [change] = diffTopics([wanted()], there({ overrides: { 'retention.ms': '5', 'segment.ms': '7' } }));
    expect(change).toMatchObject({
      kind: 'config',
      changes: [
        { name: 'cleanup.policy', from: null, to: 'compact,delete' },
        { name: 'retention.ms', from: '5', to: '1000' },
        { name: 'segment.ms', from: '7', to: null },
      ],
    });
  });

  it.each([
    { title: 'grows a topic without keyed state', want: 7, has: 6, keyedState: false, kind: 'grow' },
    { title: 'refuses to grow one with keyed state', want: 7, has: 6, keyedState: true, kind: 'refused' },
    { title: 'refuses to shrink one', want: 5, has: 6, keyedState: false, kind: 'refused' },
    { title: 'refuses to shrink one with keyed state', want: 5, has: 6, keyedState: true, kind: 'refused' },
  ])('$title', ({ want, has, keyedState, kind }) => {
    expect(kinds(wanted({ partitions: want, keyedState }), there({ partitions: has }))).toEqual([kind]);
  });

  it('says of each refusal how many partitions there are and why', () => {
    const [grow] = diffTopics([wanted({ partitions: 7, keyedState: true })], there());
    expect(grow).toMatchObject({
      reason: expect.stringMatching(/6 partitions, wanted 7: its keys have state/),
    });
    const [shrink] = diffTopics([wanted({ partitions: 5 })], there());
    expect(shrink).toMatchObject({ reason: expect.stringMatching(/cannot take partitions away/) });
  });

  it('refuses another replication factor', () => {
    expect(kinds(wanted({ replication: 3 }), there())).toEqual(['refused']);
  });
});
