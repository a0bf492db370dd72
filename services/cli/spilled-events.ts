import type { Codec } from '../../lib/model/codec.js';
import type { AgentEvent } from '../../lib/model/events.js';
import type { RowVersion } from '../../lib/stores/last-rows.js';
import { Spill } from './spill.js';

/** What is held of an event; the rest of it is read back when it is asked for. */
export interface SpilledEvent extends RowVersion {
  at: number;
  length: number;
}

const NO_FLAGS: string[] = [];

/** Events as they were encoded, of which no more than some hundred bytes each stay in memory: a {@link Spill} has the others. */
export class SpilledEvents {
  private readonly spill = new Spill();
  private readonly names = new Map<string, string>();

  constructor(private readonly codec: Codec) {}

  /** Keeps an event. `bytes`: as it was encoded. */
  keep(event: AgentEvent, bytes: Buffer): SpilledEvent {
    return {
      event_id: event.event_id,
      group_id: this.name(event.group_id),
      trace_id: this.name(event.trace_id),
      revision: event.revision,
      generation: event.generation,
      updated_ms: event.updated_ms,
      flags: event.flags.length === 0 ? NO_FLAGS : event.flags,
      at: this.spill.append(bytes),
      length: bytes.length,
    };
  }

  /** The whole event, in the trace that it is in at last. */
  read({ at, length, trace_id, flags, revision, generation }: SpilledEvent): AgentEvent {
    const read = this.codec.decode<AgentEvent>(this.spill.read(at, length), ['agent-event']);
    if (!read.ok) throw new Error(`an event that was written cannot be read: ${read.error.message}`);
    return { ...read.value.value, trace_id, flags, revision, generation };
  }

  /** One string for equal names. */
  name(text: string): string {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    this.names.set(text, text);
    return text;
  }

  close(): void {
    this.spill.close();
  }
}
