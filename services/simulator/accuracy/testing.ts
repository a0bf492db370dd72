import type { LabelledLine, Truth } from '../labelled/record.js';

/** A line for tests: what is not said of it is as for a plain line of stream `s`. */
export function lineOf(
  atS: number,
  truth: Partial<Truth> & { run: string | null },
  message = 'x',
): LabelledLine {
  return {
    input: {
      message,
      timestamp: new Date(Date.UTC(2026, 2, 2) + atS * 1_000).toISOString(),
      source: { system: 'container', log_group: 'g', log_stream: truth.stream ?? 's' },
    },
    truth: {
      record: records++,
      isHead: true,
      kind: 'note',
      position: 'middle',
      ids: [],
      agent: null,
      stream: 's',
      ...truth,
    },
  };
}

let records = 0;
