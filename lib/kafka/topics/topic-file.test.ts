import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import { loadTopics, parseTopics, type TopicFileOptions } from './topic-file.js';

const faultsOf = (text: string, options?: TopicFileOptions): string[] => {
  try {
    parseTopics(text, 'topics.yaml', options);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('topics.yaml', () => {
  it('of the installation is valid, with 1 and with 3 replicas', () => {
    expect(loadTopics().map(({ name }) => name)).toContain('raw-logs');
    expect(loadTopics({ replication: 3 }).every(({ config }) => config['min.insync.replicas'] === '2')).toBe(
      true,
    );
  });

  it('gives every changelog as many partitions as its source, whatever the default', () => {
    const topics = new Map(loadTopics({ defaultPartitions: 3 }).map((topic) => [topic.name, topic]));
    const changelogs = [...topics.values()].filter(({ name }) => name.endsWith('-changelog'));
    expect(changelogs).toHaveLength(3);
    for (const { changelogOf, partitions } of changelogs) {
      expect(partitions).toBe(3);
      expect(topics.get(changelogOf!)?.partitions).toBe(3);
    }
  });

  it('merges the defaults under a topic and writes values as Kafka does', () => {
    const [topic] = parseTopics(
      `
defaults: { partitions: 4, config: { retention.ms: 1000, preallocate: false } }
topics:
  a: { doc: A., config: { retention.ms: 2000, cleanup.policy: "delete, compact" } }
`,
      'topics.yaml',
    );
    expect(topic).toMatchObject({ partitions: 4, replication: 1, keyedState: false, value: [] });
    expect(topic!.config).toEqual({
      'retention.ms': '2000',
      preallocate: 'false',
      'cleanup.policy': 'compact,delete',
    });
  });

  it('names every fault of the shape at once, each with its line', () => {
    expect(
      faultsOf(`defaults: { partitions: 0 }
topics:
  a:
    doc: A.
    value: [no-such-schema]
    keyed_sate: true
  b:
    partitions: many
`),
    ).toEqual([
      expect.stringMatching(/^topics\.yaml:1: defaults > partitions: /),
      expect.stringMatching(/^topics\.yaml:5: topics > a > value > 0: /),
      expect.stringMatching(/^topics\.yaml:6: topics > a > keyed_sate: is not a known field/),
      expect.stringMatching(/^topics\.yaml:7: topics > b > doc: /),
      expect.stringMatching(/^topics\.yaml:8: topics > b > partitions: /),
    ]);
  });

  it('names every fault of the meaning at once, each with its line', () => {
    expect(
      faultsOf(`topics:
  a:
    doc: A.
    config:
      retentoin.ms: 5
      retention.ms: a week
      cleanup.policy: shred
      min.cleanable.dirty.ratio: 2
      min.insync.replicas: 2
  a-changelog:
    doc: State of a.
    changelog_of: a
    partitions: 5
  b-changelog: { doc: State of b., changelog_of: b }
`),
    ).toEqual([
      expect.stringMatching(/^topics\.yaml:5: .*retentoin\.ms is not a topic configuration/),
      expect.stringMatching(/^topics\.yaml:6: .*retention\.ms is 'a week', not an integer/),
      expect.stringMatching(/^topics\.yaml:7: .*cleanup\.policy is 'shred', not one of/),
      expect.stringMatching(/^topics\.yaml:8: .*not between 0 and 1/),
      expect.stringMatching(/^topics\.yaml:9: .*is 2 but the replication factor 1: nothing could be written/),
      expect.stringMatching(/^topics\.yaml:13: .*has 5 partitions, its source a 6/),
      expect.stringMatching(/^topics\.yaml:14: .*there is no topic b$/),
    ]);
  });

  it('names the line of what is no YAML', () => {
    expect(faultsOf('topics:\n  a: [1\n')).toEqual([expect.stringMatching(/^topics\.yaml:\d+: /)]);
  });
});
