/** How the value of a topic configuration is written. */
type Kind = 'integer' | 'ratio' | 'boolean' | readonly string[];

/**
 * Kafka's topic configurations that a topics file may set (https://kafka.apache.org/documentation/#topicconfigs). A
 * closed list, so that a misspelt name is found in the file and not by the broker half-way through an apply.
 */
export const TOPIC_CONFIGS: Record<string, Kind> = {
  'cleanup.policy': ['delete', 'compact', 'compact,delete'],
  'compression.gzip.level': 'integer',
  'compression.type': ['uncompressed', 'gzip', 'producer'],
  'delete.retention.ms': 'integer',
  'file.delete.delay.ms': 'integer',
  'flush.messages': 'integer',
  'flush.ms': 'integer',
  'index.interval.bytes': 'integer',
  'max.compaction.lag.ms': 'integer',
  'max.message.bytes': 'integer',
  'message.timestamp.after.max.ms': 'integer',
  'message.timestamp.before.max.ms': 'integer',
  'message.timestamp.type': ['CreateTime', 'LogAppendTime'],
  'min.cleanable.dirty.ratio': 'ratio',
  'min.compaction.lag.ms': 'integer',
  'min.insync.replicas': 'integer',
  preallocate: 'boolean',
  'retention.bytes': 'integer',
  'retention.ms': 'integer',
  'segment.bytes': 'integer',
  'segment.index.bytes': 'integer',
  'segment.jitter.ms': 'integer',
  'segment.ms': 'integer',
  'unclean.leader.election.enable': 'boolean',
};

/** Why `name: value` is no topic configuration, or undefined. */
export function topicConfigFault(name: string, value: string): string | undefined {
  const kind = TOPIC_CONFIGS[name];
  if (kind === undefined) return `${name} is not a topic configuration that VectaDB knows`;
  if (kind === 'integer') return /^-?\d+$/.test(value) ? undefined : `${name} is '${value}', not an integer`;
  if (kind === 'boolean')
    return value === 'true' || value === 'false' ? undefined : `${name} is '${value}', not true or false`;
  if (kind === 'ratio') {
    const ratio = Number(value);
    return value !== '' && ratio >= 0 && ratio <= 1
      ? undefined
      : `${name} is '${value}', not between 0 and 1`;
  }
  return kind.includes(canonicalConfig(name, value))
    ? undefined
    : `${name} is '${value}', not one of ${kind.join(' | ')}`;
}

/** One spelling per value, so that the file and the broker compare equal: `cleanup.policy` is a set. */
export function canonicalConfig(name: string, value: string): string {
  if (name === 'min.cleanable.dirty.ratio') return String(Number(value));
  if (name !== 'cleanup.policy') return value;
  return value
    .split(',')
    .map((part) => part.trim())
    .sort()
    .join(',');
}
