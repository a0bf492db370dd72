import { createHash } from 'node:crypto';

/** A way into the system. */
export type Way = 'batch' | 'single' | 'foreign' | 'lines' | 'cloudwatch';

/** An event of the JSON shape that HTTP and raw-logs take. */
export interface MintedBody {
  event_id: string;
  session_id?: string;
  trace_id?: string;
  agent_id?: string;
  timestamp: string;
  event_type: string;
  properties: { message: string; n: number; payload_hash: string };
}

/** Where the events of one session, or one trace, must end. */
export interface Home {
  root: string;
}

interface Common {
  way: Way;
  /** Where it must end; null: only the reference run knows. */
  home: Home | null;
}

/** A structured event with an id of its own. */
export interface MintedEvent extends Common {
  kind: 'event';
  /** Its event_id. */
  ref: string;
  body: MintedBody;
}

/** A line of text: what comes out of it is found by its `ref=`. */
export interface MintedLine extends Common {
  kind: 'line';
  ref: string;
  text: string;
  /** Key of its record in raw-logs; null: none. */
  key: string | null;
}

export type Minted = MintedEvent | MintedLine;

export const hashOf = (message: string, n: number): string =>
  createHash('sha256').update(`${n}:${message}`).digest('hex').slice(0, 16);

const REF = /ref=([a-z0-9]+-[0-9]+)/g;

/** The refs of minted lines in a text, in their order. */
export const refsIn = (text: string): string[] => [...text.matchAll(REF)].map((match) => match[1]!);

/** Everything that was minted in a run, and what of it was acknowledged. */
export class Ledger {
  readonly minted = new Map<string, Minted>();
  readonly acknowledged = new Set<string>();

  mint(item: Minted): void {
    if (this.minted.has(item.ref)) throw new Error(`${item.ref} was minted twice`);
    this.minted.set(item.ref, item);
  }

  acknowledge(items: readonly Minted[]): void {
    for (const { ref } of items) this.acknowledged.add(ref);
  }
}
