import type { EncodedRecord } from '../topology/topology.js';
import type { RecordBatch } from './record-batch.js';

/** An aborted transaction that touches a fetched range, as the broker lists it: in no order. */
export interface AbortedTransaction {
  producerId: bigint;
  firstOffset: number;
}

/**
 * The records of committed transactions and of no transaction, as the Java client's CompletedFetch decides it: a
 * producer's transactional batches are aborted from the first offset of one of its aborted transactions up to the abort
 * marker of that producer. Written here because kafkajs's own filter leaks: it takes the broker's list to be sorted,
 * consumes one entry per message, and takes a data record whose key is four zero bytes for a marker.
 */
export function committedRecords(batches: RecordBatch[], aborted: AbortedTransaction[]): EncodedRecord[] {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedProducers = new Set<bigint>();
  const records: EncodedRecord[] = [];
  let next = 0;
  for (const batch of batches) {
    while (next < upcoming.length && upcoming[next]!.firstOffset <= batch.lastOffset) {
      abortedProducers.add(upcoming[next]!.producerId);
      next++;
    }
    if (batch.control) {
      if (batch.abortMarker) abortedProducers.delete(batch.producerId);
      continue;
    }
    if (batch.transactional && abortedProducers.has(batch.producerId)) continue;
    for (const record of batch.records) records.push(record);
  }
  return records;
}
