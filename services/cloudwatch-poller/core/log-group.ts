import { partitionOf } from '../../../lib/topology/partition.js';

/** A log group as CloudWatch knows it; the three together are its identity. */
export interface LogGroup {
  /** AWS account id, twelve digits. */
  account: string;
  region: string;
  name: string;
}

/** `account/region/name`: the group in keys, checkpoints, metrics and messages. */
export const groupKey = ({ account, region, name }: LogGroup): string => `${account}/${region}/${name}`;

/** Partition of cloudwatch-checkpoints that a group belongs to. */
export const shardOf = (key: string, shards: number): number => partitionOf(key, shards);
