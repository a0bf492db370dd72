import type { Random } from '../../../lib/testing/random.js';
import { logNormal } from './draw.js';
import type { LabelledLine, Stream, Write } from './record.js';
import type { Delivery } from './scenario.js';

/** Time from a write to its arrival where nothing is wrong, milliseconds. */
const SHIPPING_MS = 400;
/** Lines of one write follow each other by less than any clock shows. */
const BETWEEN_LINES_MS = 0.001;

interface Arriving {
  arrivesMs: number;
  line: LabelledLine;
}

/** What a shipper makes of writes: one line each, in the order of their arrival, with disorder, copies and late lines. */
export function deliver(random: Random, writes: Write[], delivery: Delivery): LabelledLine[] {
  const arriving: Arriving[] = [];
  const numbers = new Map<string, number>();
  const ordered = writes
    .map((write, index) => ({ write, index }))
    .sort((a, b) => a.write.atMs - b.write.atMs || a.index - b.index);
  for (const [record, { write }] of ordered.entries()) {
    const { stream, atMs } = write;
    const wholeDelayMs = delayOf(random, delivery);
    for (const [index, { text, ids, agent }] of write.lines.entries()) {
      const number = numbers.get(stream.name) ?? 0;
      numbers.set(stream.name, number + 1);
      const line: LabelledLine = {
        input: {
          message: text,
          timestamp: new Date(shownMs(atMs, stream)).toISOString(),
          source: { ...stream.source, ...(stream.hasLogIds && { log_id: String(number) }) },
        },
        truth: {
          run: write.run,
          record,
          isHead: index === 0,
          kind: write.kind,
          position: write.position,
          ids,
          agent,
          stream: stream.name,
        },
      };
      // most of what is out of order is so as a whole, but some shippers send line by line
      const ownDelayMs = random.chance(delivery.disorder / 4)
        ? random.next() * delivery.disorder_s * 1_000
        : 0;
      const arrivesMs = atMs + SHIPPING_MS + wholeDelayMs + ownDelayMs + index * BETWEEN_LINES_MS;
      arriving.push({ arrivesMs, line });
      if (random.chance(delivery.duplicates))
        arriving.push({ arrivesMs: arrivesMs + logNormal(random, 3_000), line });
    }
  }
  return arriving.sort((a, b) => a.arrivesMs - b.arrivesMs).map(({ line }) => line);
}

/** A write's time as its shipper gives it. */
const shownMs = (atMs: number, { skewMs, resolutionMs }: Stream): number =>
  Math.round((atMs + skewMs) / resolutionMs) * resolutionMs;

function delayOf(random: Random, { disorder, disorder_s, late, late_s }: Delivery): number {
  if (random.chance(late)) return logNormal(random, late_s * 1_000, 0.8);
  if (random.chance(disorder)) return random.next() * disorder_s * 1_000;
  return 0;
}
