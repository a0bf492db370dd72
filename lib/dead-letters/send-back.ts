import { withAdmin } from '../kafka/admin.js';
import type { ClusterClient } from '../kafka/cluster.js';
import { readToEnd } from '../kafka/partition-reader.js';
import type { Registry } from '../kafka/registry.js';
import { readEpochRecords } from '../kafka/topics/epochs.js';
import type { KafkaSettings } from '../kafka/types.js';
import type { Codec } from '../model/codec.js';
import type { AgentTrace } from '../model/events.js';
import type { Letter } from './letter.js';
import { MergedTraces } from './merged-traces.js';
import type { DeadLetters } from './reading.js';
import { recode } from './recode.js';
import type { LetterFilter } from './selection.js';
import { type WayBack, wayBack } from './way-back.js';

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
const READ_STALL_MS = 30_000;

export interface SendBackParts {
  kafka: KafkaSettings;
  registry: Registry;
  /** Knows ids once the registry has resolved them. */
  codec: Codec;
}

/** @param again whether the letter was redriven before */
export type SendBack = (letter: Letter, again: boolean) => Promise<WayBack>;

/**
 * {@link wayBack} with what it has to know: topics, epochs, and what a sink's letters need besides.
 * @param encoding what bytes that are no UTF-8 are written in
 */
export async function sendBack(
  { kafka, registry, codec }: SendBackParts,
  cluster: ClusterClient,
  encoding: string | undefined,
): Promise<SendBack> {
  const topics = await withAdmin(kafka, (admin) => admin.describeTopics());
  const epochs = await readEpochRecords(kafka);
  const decodable = async (value: Buffer | null) => {
    const unknown = codec.unknownId(value);
    if (unknown !== undefined) await registry.learn(unknown);
  };
  let merged: MergedTraces | null = null;
  const options = {
    codec,
    epochs,
    partitionsOf: (topic: string) => topics.get(topic)?.partitions,
    maxBytesOf: (topic: string) =>
      Number(topics.get(topic)?.overrides['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES),
    rootOf: (traceId: string) => merged?.rootOf(traceId) ?? traceId,
  };
  return async (letter, again) => {
    const readable = encoding === undefined ? letter : recode(letter, encoding);
    if (typeof readable === 'string') return { ok: false, reason: readable };
    // only what a sink refused is read on its way: whatever else comes back needs no registry
    if (letter.from?.topic === 'agent-events') {
      if (merged === null) {
        await registry.resolveIds();
        merged = await readMergedTraces(cluster, codec, decodable);
      }
      await decodable(letter.value);
    }
    return wayBack(readable, options, again);
  };
}

/** What a redrive of the letters would do now, told letter by letter; ends at `limit` letters that would be sent. */
export async function planRedrive(
  letters: DeadLetters,
  { filter, again, limit, back }: { filter: LetterFilter; again: boolean; limit: number; back: SendBack },
  onPlanned: (planned: Planned) => void,
): Promise<{ selected: number }> {
  let selected = 0;
  if (limit <= 0) return { selected };
  await letters.forEach(filter, async ({ letter, trail }) => {
    if (trail !== null && !again) onPlanned({ letter, result: 'already redriven' });
    else {
      const way = await back(letter, trail !== null);
      if (way.ok) selected++;
      onPlanned(
        way.ok
          ? { letter, result: 'to be sent', to: way.record.topic }
          : { letter, result: 'impossible', reason: way.reason },
      );
    }
    return selected < limit;
  });
  return { selected };
}

export type Planned = { letter: Letter } & (
  | { result: 'already redriven' }
  | { result: 'to be sent'; to: string }
  | { result: 'impossible'; reason: string }
);

async function readMergedTraces(
  cluster: ClusterClient,
  codec: Codec,
  decodable: (value: Buffer | null) => Promise<void>,
): Promise<MergedTraces> {
  const merged = new MergedTraces();
  await readToEnd(cluster, 'agent-traces', READ_STALL_MS, async (records) => {
    for (const { value } of records) {
      await decodable(value);
      const read = value === null ? null : codec.decode<AgentTrace>(value, ['agent-trace']);
      if (read?.ok) merged.see(read.value.value);
    }
  });
  return merged;
}
