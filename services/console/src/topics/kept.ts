import type { TopicOut } from '../api/types.js';
import { durationText } from '../parts/format.js';

/** Offsets between a topic's start and end; markers of transactions count, so it is no count of messages. */
export const sizeOf = ({ partitions }: Pick<TopicOut, 'partitions'>): number =>
  partitions.reduce((sum, { start, end }) => sum + end - start, 0);

/** What a topic keeps, from its settings: `7 d`, `latest of each key`, or both. */
export function keptText(config: Readonly<Record<string, string>>): string {
  const policies = (config['cleanup.policy'] ?? 'delete').split(',').map((policy) => policy.trim());
  const texts = [
    ...(policies.includes('compact') ? ['latest of each key'] : []),
    ...(policies.includes('delete') ? [timeText(config['retention.ms'])] : []),
  ];
  return texts.join(', ');
}

/** Kafka's own -1: without an end. */
function timeText(retentionMs: string | undefined): string {
  if (retentionMs === undefined) return 'as the broker is set';
  return Number(retentionMs) < 0 ? 'for ever' : durationText(Number(retentionMs));
}
