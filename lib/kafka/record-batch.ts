import { gunzipSync } from 'node:zlib';
import type { EncodedRecord } from '../topology/topology.js';
import { FatalError } from './types.js';

/** One record batch of the log (message format 2), https://kafka.apache.org/documentation/#recordbatch. */
export interface RecordBatch {
  baseOffset: number;
  /** Kept by the broker even where compaction has removed the records at the end, or all of them. */
  lastOffset: number;
  /** -1n where the producer has none. */
  producerId: bigint;
  transactional: boolean;
  /** A control batch holds a transaction marker and no data. */
  control: boolean;
  /** The marker of an aborted transaction. */
  abortMarker: boolean;
  records: EncodedRecord[];
}

const HEADER_BYTES = 61;
const LENGTH_FROM = 12;
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * Decodes the record set of a fetch response; a batch cut off at the end (KIP-74) is left out.
 * @throws FatalError on a compression codec other than none and gzip: set `compression.type` of the topic to
 * `uncompressed` and the broker decompresses.
 */
export function decodeRecordSet(bytes: Buffer, topic: string, partition: number): RecordBatch[] {
  const batches: RecordBatch[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + LENGTH_FROM + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    batches.push(decodeBatch(bytes.subarray(at, end), topic, partition));
    at = end;
  }
  return batches;
}

function decodeBatch(bytes: Buffer, topic: string, partition: number): RecordBatch {
  const magic = bytes[16];
  if (magic !== 2)
    throw new FatalError(`${topic}/${partition}: message format ${magic} is older than Kafka 0.11`);
  const attributes = bytes.readInt16BE(21);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const logAppendTime = (attributes & 8) !== 0;
  const firstTimestamp = Number(bytes.readBigInt64BE(27));
  const maxTimestamp = Number(bytes.readBigInt64BE(35));
  const control = (attributes & 0x20) !== 0;
  const body = decompress(bytes.subarray(HEADER_BYTES), attributes & 7, topic);
  const reader = new RecordReader(body);
  const count = bytes.readInt32BE(57);
  const records: EncodedRecord[] = [];
  for (let i = 0; i < count; i++) {
    const record = reader.next();
    records.push({
      topic,
      partition,
      offset: baseOffset + record.offsetDelta,
      timestampMs: logAppendTime ? maxTimestamp : firstTimestamp + record.timestampDelta,
      key: record.key,
      value: record.value,
      headers: record.headers,
    });
  }
  const marker = control ? records[0]?.key : undefined;
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(23),
    producerId: bytes.readBigInt64BE(43),
    transactional: (attributes & 0x10) !== 0,
    control,
    // a marker's key is version (int16) and type (int16): 0 abort, 1 commit
    abortMarker: marker !== undefined && marker !== null && marker.length >= 4 && marker.readInt16BE(2) === 0,
    records: control ? [] : records,
  };
}

function decompress(body: Buffer, codec: number, topic: string): Buffer {
  if (codec === 0) return body;
  if (codec === 1) return gunzipSync(body);
  throw new FatalError(
    `${topic} holds batches compressed with ${CODECS[codec] ?? `codec ${codec}`}, which this client cannot read: ` +
      'set compression.type=uncompressed on the topic, or produce with gzip or none',
  );
}

const NO_HEADERS: Record<string, Buffer> = Object.freeze({}) as Record<string, Buffer>;

/** Reads the records of one decompressed batch. */
class RecordReader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  next() {
    const length = this.varint();
    const end = this.at + length;
    this.at += 1; // attributes, unused in format 2
    const timestampDelta = this.varint();
    const offsetDelta = this.varint();
    const key = this.block();
    const value = this.block();
    const headerCount = this.varint();
    const headers: Record<string, Buffer> = headerCount > 0 ? Object.create(null) : NO_HEADERS;
    for (let i = 0; i < headerCount; i++) {
      const name = this.block()!.toString('utf8');
      headers[name] = this.block() ?? Buffer.alloc(0);
    }
    this.at = end;
    return { timestampDelta, offsetDelta, key, value, headers };
  }

  private block(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const block = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return block;
  }

  /** Zigzag varint of up to 64 bits, exact below 2^53. */
  private varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new FatalError('a record batch ends in the middle of a record');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
