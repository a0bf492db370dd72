import { z } from 'zod';

/** Compacted topic that says of each dead letter what was done about it; keyed by its name. */
export const TRAIL_TOPIC = 'dead-letter-trail';

/** Redrives kept one by one; earlier ones are only counted. */
const MAX_REDRIVES = 20;

const redrive = z.object({
  /** Unix milliseconds. */
  at_ms: z.number(),
  /** `sent`: the data are at `to`. `superseded`: a later record says more, so nothing was sent. */
  result: z.enum(['sent', 'superseded']),
  to: z.object({ topic: z.string(), partition: z.number(), offset: z.number() }).nullable(),
});

const trailEntry = z.object({
  /** When the letter was refused: a dead-letter topic that was made anew uses its offsets again. */
  refused_ms: z.number(),
  times: z.number(),
  redrives: z.array(redrive),
});

export type TrailRedrive = z.output<typeof redrive>;
export type TrailEntry = z.output<typeof trailEntry>;

/** The entry with one more redrive. */
export function withRedrive(known: TrailEntry | null, refusedMs: number, next: TrailRedrive): TrailEntry {
  return {
    refused_ms: refusedMs,
    times: (known?.times ?? 0) + 1,
    redrives: [...(known?.redrives ?? []), next].slice(-MAX_REDRIVES),
  };
}

export const encodeTrail = (entry: TrailEntry): Buffer => Buffer.from(JSON.stringify(entry), 'utf8');

/** @throws where the bytes are no entry: then nobody knows what was redriven. */
export function decodeTrail(value: Buffer, where: string): TrailEntry {
  try {
    return trailEntry.parse(JSON.parse(value.toString('utf8')));
  } catch (error) {
    throw new Error(`${where} is no trail entry: ${error instanceof Error ? error.message : String(error)}`);
  }
}
