import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

/** Serves `turns`, each flow having `backlog` items waiting at all times; returns the flows in the order they were served. */
function serve(flows: { name: string; weight: number }[], turns: number): string[] {
  const queue = new FairQueue<string>();
  for (const { name, weight } of flows) queue.push(name, weight, name);
  return Array.from({ length: turns }, () => {
    const name = queue.shift()!;
    queue.push(name, flows.find((flow) => flow.name === name)!.weight, name);
    return name;
  });
}

describe('flows that all keep waiting', () => {
  it('get turns by their weights, none more than one turn off', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 300 }),
        (weights, turns) => {
          const flows = weights.map((weight, index) => ({ name: `flow-${index}`, weight }));
          const served = serve(flows, turns);
          for (const a of flows)
            for (const b of flows) {
              const share = (of: typeof a) => served.filter((name) => name === of.name).length / of.weight;
              expect(Math.abs(share(a) - share(b))).toBeLessThanOrEqual(1 / a.weight + 1 / b.weight + 1e-9);
            }
        },
      ),
    );
  });

  it('leave the sweep one turn in four', () => {
    const served = serve(
      [
        { name: 'fast', weight: 3 },
        { name: 'sweep', weight: 1 },
      ],
      400,
    );
    expect(served.filter((name) => name === 'sweep')).toHaveLength(100);
  });
});

describe('a busy flow', () => {
  it('does not hold up one that comes once in a while', () => {
    const queue = new FairQueue<string>();
    for (let n = 0; n < 1_000; n++) queue.push('busy', 1, `busy-${n}`);
    for (let n = 0; n < 10; n++) {
      for (let served = 0; served < 20; served++) queue.shift();
      queue.push('quiet', 1, `quiet-${n}`);
      const next = [queue.shift(), queue.shift()];
      expect(next).toContain(`quiet-${n}`);
    }
  });

  it('that rested is not paid for its rest', () => {
    const queue = new FairQueue<string>();
    queue.push('early', 1, 'early');
    expect(queue.shift()).toBe('early');
    for (let n = 0; n < 50; n++) {
      queue.push('late', 1, 'late');
      queue.shift();
    }
    for (let n = 0; n < 4; n++) {
      queue.push('early', 1, 'early');
      queue.push('late', 1, 'late');
    }
    const served = Array.from({ length: 4 }, () => queue.shift());
    expect(served.filter((name) => name === 'early').length).toBeLessThanOrEqual(3);
  });
});

describe('an item that is not wanted any more', () => {
  it('gives its turn to the next', () => {
    const queue = new FairQueue<string>();
    queue.push('a', 1, 'first');
    queue.push('b', 1, 'second');
    queue.remove('first');
    expect([queue.shift(), queue.shift()]).toEqual(['second', undefined]);
  });
});
