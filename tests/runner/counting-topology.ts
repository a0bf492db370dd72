import { ok, refuse } from '../../lib/model/result.js';
import type { SubTopology } from '../../lib/topology/topology.js';

/** `key` names a counter, `id` is unique over the whole input. */
export interface Item {
  key: string;
  id: number;
}

/** The n-th item of its key; `sum` is the sum of the key's ids so far. */
export interface Counted {
  key: string;
  id: number;
  n: number;
  sum: number;
}

interface Counter {
  n: number;
  sum: number;
}

/**
 * The smallest stateful sub-topology: numbers the items of each key. Lost, doubled or reordered input, and state that
 * does not belong to its position, all show in its output.
 */
export const countingTopology: SubTopology<Item, Counter> = {
  name: 'count',
  groupId: 'count-group',
  source: 'count-in',
  changelog: 'count-changelog',
  decode: (record) => {
    try {
      return ok([JSON.parse(record.value!.toString('utf8')) as Item]);
    } catch (error) {
      return refuse('INVALID_EVENT', String(error));
    }
  },
  sinks: { 'count-out': { topic: 'count-out', encode: (value) => Buffer.from(JSON.stringify(value)) } },
  createProcessor: () => ({
    process: ({ value: { key, id } }, context) => {
      if (id < 0) throw new Error(`item ${id} is poison`);
      const before = context.state.get(key) ?? { n: 0, sum: 0 };
      const after = { n: before.n + 1, sum: before.sum + id };
      context.state.put(key, after);
      context.forward({ topic: 'count-out', key, value: { key, id, ...after } satisfies Counted });
    },
  }),
};
