import type { TestService } from '../../lib/testing/service.js';
import type { Operation, Samples } from './operations.js';

/** What the attacks are run against: a gateway with its whole stack behind it, and rows that must stay as they are. */
export interface Target {
  gateway: TestService;
  /** Starts another one, with the short limits of wire.ts. */
  startStrict(): Promise<TestService>;
  operations: Operation[];
  keys: { admin: string; read: string; ingest: string };
  /** Keys that must open nothing, by what is wrong with them. */
  badKeys: Record<string, string>;
  /** Text that each canary row holds: an answer that shows it has shown a canary. */
  canary: string;
  /** Parameters and fields with which reads find the canaries. */
  reading: Samples;
  /** The same for what sends: nothing of it becomes part of a canary's trace. */
  writing: Samples;
  /** Counts and definitions of what is stored, to compare before and after. */
  stored(): Promise<unknown>;
}

/** Samples for honest requests of the operation. */
export const samplesFor = ({ reading, writing }: Target, { scopes }: Operation): Samples =>
  scopes.includes('read') ? reading : writing;
