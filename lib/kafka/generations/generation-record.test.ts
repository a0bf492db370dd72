import { describe, expect, it } from 'vitest';
import { readGenerationTopic, replayTopology, topicOfGeneration } from '../../topology/generation.js';
import { loadTopics } from '../topics/topic-file.js';
import { decodeGeneration, encodeGeneration, type GenerationRecord } from './generation-record.js';
import { generationTopics, REPLAYED_TOPICS } from './generation-topics.js';
import { liveGenerationOf } from './live-generation.js';

const record = (given: Partial<GenerationRecord> = {}): GenerationRecord => ({
  state: 'running',
  from_ms: 1,
  to_ms: 2,
  to_asked_ms: null,
  context_ms: 0,
  until_ms: 2,
  rules: 'r',
  partitions: [{ start: 0, end: 1 }],
  catch_up: null,
  copied: null,
  created_ms: 2,
  changed_ms: 2,
  ...given,
});

describe('a generation', () => {
  it('is read as it was written; what is none is named with its place', () => {
    expect(decodeGeneration(encodeGeneration(record()), 'x')).toEqual(record());
    expect(() => decodeGeneration(Buffer.from('{"state":"new"}'), 'generations/0 offset 4')).toThrow(
      /generations\/0 offset 4 is no generation/,
    );
  });

  it.each([
    [[], 1],
    [['running', 'discarded'], 1],
    [['promoted', 'discarded', 'ready'], 2],
    [['promoted', 'discarded', 'promoting'], 4],
  ] as const)('%j make generation %i the live one', (states, live) => {
    expect(liveGenerationOf(new Map(states.map((state, n) => [n + 2, { state }])))).toBe(live);
  });
});

describe('the topics of a generation', () => {
  const topics = generationTopics(loadTopics(), 7);

  it('are those that a replay writes, under names that can be read back', () => {
    expect(topics.map(({ name }) => readGenerationTopic(name))).toEqual(
      expect.arrayContaining(REPLAYED_TOPICS.map((topic) => ({ topic, generation: 7 }))),
    );
    for (const name of ['agent-events', 'a.g0', 'a.g1x', '.g2', 'agent-events.g'])
      expect(readGenerationTopic(name)).toBeNull();
    expect(topicOfGeneration('agent-events', 7)).toBe('agent-events.g7');
  });

  it('keep the time of their records and delete nothing by it', () => {
    for (const { config } of topics) {
      expect(config['message.timestamp.type']).toBe('CreateTime');
      expect([config['cleanup.policy'], config['retention.ms']]).toEqual(
        config['cleanup.policy'] === 'delete' ? ['delete', '-1'] : ['compact', undefined],
      );
    }
  });

  it('are what a topology of the generation reads and writes, beside raw-logs', () => {
    const sub = {
      name: 'trace',
      groupId: 'g',
      source: 'a',
      changelog: 'c',
      decode: () => ({ ok: true as const, value: [] }),
      sinks: { b: { topic: 'b', encode: () => Buffer.alloc(0) } },
      createProcessor: () => ({ process: () => {} }),
    };
    const { subTopologies } = replayTopology(
      { subTopologies: [sub, { ...sub, source: 'b', changelog: 'd' }] },
      2,
    );
    expect(
      subTopologies.map(({ source, changelog, deadLetters, sinks }) => [
        source,
        changelog,
        deadLetters,
        sinks.b!.topic,
      ]),
    ).toEqual([
      ['a', 'c.g2', 'dead-letter.g2', 'b.g2'],
      ['b.g2', 'd.g2', 'dead-letter.g2', 'b.g2'],
    ]);
  });
});
