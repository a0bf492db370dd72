import { topicOfGeneration } from '../../topology/generation.js';
import type { TopicDefinition } from '../topics/topic-file.js';

/** What a replay has of its own. */
export const REPLAYED_TOPICS = [
  'parsed-events',
  'group-states',
  'agent-events',
  'agent-traces',
  'parse-changelog',
  'trace-changelog',
  'aggregate-changelog',
  'dead-letter',
];

/**
 * Topics of a generation: as those that they stand for, but that records keep the time of the history that they tell, and that nothing
 * is deleted by age, which is that of the history: they go when the generation is promoted or discarded.
 */
export function generationTopics(topics: TopicDefinition[], generation: number): TopicDefinition[] {
  return topics
    .filter(({ name }) => REPLAYED_TOPICS.includes(name))
    .map((topic) => {
      const config: Record<string, string> = { ...topic.config, 'message.timestamp.type': 'CreateTime' };
      if (config['cleanup.policy'] === 'compact,delete') config['cleanup.policy'] = 'compact';
      else if (config['cleanup.policy'] === 'delete') config['retention.ms'] = '-1';
      if (config['cleanup.policy'] === 'compact') delete config['retention.ms'];
      return { ...topic, name: topicOfGeneration(topic.name, generation), config };
    });
}
