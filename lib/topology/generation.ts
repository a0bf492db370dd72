import { DEAD_LETTER_TOPIC } from './dead-letter.js';
import type { Topology } from './topology.js';

/** Generation of a cluster that nothing has been replayed in. */
export const FIRST_GENERATION = 1;

/** Header of records of agent-events that a promotion has copied, its generation: their events were accepted, and counted, before. */
export const REPLAYED_HEADER = 'vectadb.replayed';

const NAME = /^(.+)\.g([1-9]\d*)$/;

/** Name of a replay's own topic in the place of `topic`: `parsed-events.g2`. */
export const topicOfGeneration = (topic: string, generation: number): string => `${topic}.g${generation}`;

/** What {@link topicOfGeneration} was given; null: no topic of a replay. */
export function readGenerationTopic(name: string): { topic: string; generation: number } | null {
  const [, topic, generation] = NAME.exec(name) ?? [];
  return topic === undefined ? null : { topic, generation: Number(generation) };
}

/**
 * The same topology with topics, changelogs and consumer groups of its own, for a replay: what no sub-topology writes, raw-logs, is
 * read where it is, everything else is the generation's. Dead letters too, for the live ones were written already.
 */
export function replayTopology(topology: Topology, generation: number): Topology {
  const written = new Set(
    topology.subTopologies.flatMap(({ sinks }) => Object.values(sinks).map(({ topic }) => topic)),
  );
  const own = (topic: string) => topicOfGeneration(topic, generation);
  return {
    subTopologies: topology.subTopologies.map((sub) => ({
      ...sub,
      groupId: `${sub.groupId}-g${generation}`,
      source: written.has(sub.source) ? own(sub.source) : sub.source,
      changelog: own(sub.changelog),
      deadLetters: own(sub.deadLetters ?? DEAD_LETTER_TOPIC),
      sinks: Object.fromEntries(
        Object.entries(sub.sinks).map(([name, sink]) => [name, { ...sink, topic: own(sink.topic) }]),
      ),
    })),
  };
}
