import avsc, { type Schema, type Type } from 'avsc';
import { ok, type Result, refuse } from './result.js';

/** The schemas of schemas/*.avsc by file name. */
export const SCHEMA_NAMES = [
  'raw-log',
  'parsed-pack',
  'agent-event',
  'group-link',
  'group-state',
  'agent-trace',
  'event-retraction',
  'flow-account',
] as const;

export type SchemaName = (typeof SCHEMA_NAMES)[number];

const HEADER_BYTES = 5;
const SCRATCH_BYTES = 512 * 1024;

/**
 * Avro in the Confluent wire format: byte 0, a 4-byte big-endian schema id, the body. Synchronous: ids are resolved
 * beforehand (lib/kafka/registry), and an id never seen is reported by {@link unknownId} so that the shell can ask for it.
 * Data written by another version is read through Avro's schema resolution into ours.
 */
export class Codec {
  private readonly types = new Map<SchemaName, Type>();
  private readonly idOf = new Map<SchemaName, number>();
  private scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  private readonly readers = new Map<
    number,
    { schema: SchemaName; read: (body: Buffer) => unknown } | null
  >();

  constructor(schemas: Record<SchemaName, Schema>) {
    for (const name of SCHEMA_NAMES) this.types.set(name, avsc.Type.forSchema(schemas[name]));
  }

  /** A codec whose ids are 1, 2, … in the order of {@link SCHEMA_NAMES}: for the test driver and in-process runs. */
  static local(schemas: Record<SchemaName, Schema>): Codec {
    const codec = new Codec(schemas);
    SCHEMA_NAMES.forEach((name, index) => {
      codec.register(name, index + 1);
    });
    return codec;
  }

  /** Our own version of `name` is written under `id`. */
  register(name: SchemaName, id: number): void {
    const type = this.types.get(name)!;
    this.idOf.set(name, id);
    this.readers.set(id, { schema: name, read: (body) => type.fromBuffer(body) });
  }

  /** What {@link register} was told. */
  get ids(): ReadonlyMap<SchemaName, number> {
    return this.idOf;
  }

  /** A writer's schema learnt from the registry; null: the registry does not know that id, or not one of ours. */
  learn(id: number, writer: Schema | null): void {
    if (writer === null) {
      this.readers.set(id, null);
      return;
    }
    const writerType = avsc.Type.forSchema(writer);
    const found = [...this.types].find(([, type]) => type.name === writerType.name);
    if (!found) {
      this.readers.set(id, null);
      return;
    }
    const [schema, readerType] = found;
    const resolver = readerType.createResolver(writerType);
    this.readers.set(id, { schema, read: (body) => readerType.fromBuffer(body, resolver) });
  }

  /** What the registry did not know it may know by now: the id is as if never met. */
  forgetUnknown(id: number): void {
    if (this.readers.get(id) === null) this.readers.delete(id);
  }

  /** The id of a framed value that this codec has never met, or undefined. `askAgain`: nor learnt a schema of. */
  unknownId(value: Buffer | null, askAgain = false): number | undefined {
    if (value === null || value.length < HEADER_BYTES || value[0] !== 0) return undefined;
    const id = value.readInt32BE(1);
    const known = askAgain ? this.readers.get(id) != null : this.readers.has(id);
    return known ? undefined : id;
  }

  /** @throws when the value does not match its schema: a defect of ours, never bad input. */
  encode(name: SchemaName, value: unknown): Buffer {
    const id = this.idOf.get(name);
    if (id === undefined) throw new Error(`schema ${name} has no id yet: register it first`);
    const type = this.types.get(name)!;
    // avsc's own toBuffer writes everything above 1 KiB twice: its scratch space never grows, this one does
    let end = type.encode(value, this.scratch, HEADER_BYTES);
    if (end < 0) {
      this.scratch = Buffer.allocUnsafe((this.scratch.length - end) * 2);
      end = type.encode(value, this.scratch, HEADER_BYTES);
    }
    this.scratch[0] = 0;
    this.scratch.writeInt32BE(id, 1);
    return Buffer.from(this.scratch.subarray(0, end));
  }

  /** Reads a framed value that must be of one of the `allowed` schemas; refuses anything else as a value. */
  decode<T = unknown>(
    value: Buffer,
    allowed: readonly SchemaName[],
  ): Result<{ schema: SchemaName; value: T }> {
    if (value.length < HEADER_BYTES || value[0] !== 0) {
      return refuse(
        'AVRO_FRAME',
        `a frame starts with byte 0 and a 4-byte schema id; got ${value.length} bytes`,
      );
    }
    const id = value.readInt32BE(1);
    const reader = this.readers.get(id);
    if (!reader) return refuse('UNKNOWN_SCHEMA_ID', `schema id ${id}`);
    if (!allowed.includes(reader.schema)) {
      return refuse('WRONG_SCHEMA', `schema ${reader.schema} where ${allowed.join(' or ')} belongs`);
    }
    try {
      return ok({ schema: reader.schema, value: reader.read(value.subarray(HEADER_BYTES)) as T });
    } catch (error) {
      // avsc throws on every malformed body; the cause belongs in the dead letter, not in a crash
      return refuse(
        'AVRO_BODY',
        `schema ${reader.schema}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
