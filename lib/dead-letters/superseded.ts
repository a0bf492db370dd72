import type { ClusterClient } from '../kafka/cluster.js';
import { readPartition } from '../kafka/partition-reader.js';
import type { Letter } from './letter.js';

const STALL_MS = 30_000;
/** Topics of which only the last value of a key counts: an old one may not be sent behind a new one. */
const LATEST_ONLY = new Set(['agent-traces']);

/** Those of the letters whose record has been followed by a later one of its key, which says more. */
export async function findSuperseded(
  cluster: ClusterClient,
  letters: readonly Letter[],
): Promise<ReadonlySet<Letter>> {
  const superseded = new Set<Letter>();
  const partitions = new Map<string, Letter[]>();
  for (const letter of letters) {
    if (letter.from === null || letter.key === null || !LATEST_ONLY.has(letter.from.topic)) continue;
    const place = `${letter.from.topic}/${letter.from.partition}`;
    partitions.set(place, [...(partitions.get(place) ?? []), letter]);
  }
  for (const here of partitions.values()) {
    const { topic, partition } = here[0]!.from!;
    const start = await cluster.offsetOf(topic, partition, 'start');
    const until = await cluster.offsetOf(topic, partition, 'end');
    const from = Math.max(start, Math.min(...here.map((letter) => letter.from!.offset)));
    const last = new Map<string, number>(here.map(({ key }) => [key!.toString('latin1'), -1]));
    await readPartition(cluster, topic, partition, { from, until, stallMs: STALL_MS }, (records) => {
      for (const { key, offset } of records) {
        const name = key?.toString('latin1');
        if (name !== undefined && last.has(name)) last.set(name, offset);
      }
    });
    for (const letter of here)
      if (last.get(letter.key!.toString('latin1'))! > letter.from!.offset) superseded.add(letter);
  }
  return superseded;
}
