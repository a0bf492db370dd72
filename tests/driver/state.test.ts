import { describe, expect, it } from 'vitest';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { MAX_ENTRY_BYTES } from '../../lib/topology/state-store.js';
import { Task } from '../../lib/topology/task.js';
import type { SubTopology } from '../../lib/topology/topology.js';
import { aggregateSubTopology } from '../../services/processor/core/aggregate/sub-topology.js';
import { wrapEntries } from '../../services/processor/core/parsed-entries.js';
import { traceSubTopology } from '../../services/processor/core/trace/sub-topology.js';
import { HOUR, handMadeDriver, MINUTE, parsed, type Sent, send, T0 } from './hand-made.js';

const codec = localCodec();
const shared = { stateRetentionMs: 24 * HOUR, generation: 1 };

/** What two tasks in a row write to their changelogs, transaction by transaction. */
class Changelogs {
  readonly trace = this.task(traceSubTopology(codec, { ...shared, maxEventsPerTrace: 10_000 }));
  readonly aggregate = this.task(aggregateSubTopology(codec, { ...shared, autoCloseMs: 10 * MINUTE }));
  greatest = 0;
  private offsets = { trace: 0, aggregate: 0 };

  /** Returns the bytes that each of them wrote. */
  transaction(events: Sent[]): { trace: number; aggregate: number } {
    const entries = events.flatMap(parsed);
    for (let i = 0; i < entries.length; i += 2_000) {
      const value = codec.encode('parsed-pack', wrapEntries(entries.slice(i, i + 2_000)));
      this.trace.process(this.record('parsed-events', this.offsets.trace++, null, value));
    }
    const traced = this.trace.takeTransaction();
    for (const { topic, key, value } of traced.outputs) {
      if (topic === 'group-states')
        this.aggregate.process(this.record(topic, this.offsets.aggregate++, key, value));
    }
    return {
      trace: this.bytes(traced.changelog),
      aggregate: this.bytes(this.aggregate.takeTransaction().changelog),
    };
  }

  private bytes(changelog: { value: Buffer | null }[]): number {
    const sizes = changelog.map(({ value }) => value?.length ?? 0);
    this.greatest = Math.max(this.greatest, ...sizes);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  private record(topic: string, offset: number, key: Buffer | null, value: Buffer | null) {
    return { topic, partition: 0, offset, timestampMs: T0, key, value, headers: {} };
  }

  private task<In, State>(sub: SubTopology<In, State>): Task<In, State> {
    return new Task(sub, 0, () => 1);
  }
}

const uuid = (i: number) => `0b9a1f2e-aaaa-5bbb-8ccc-${String(i).padStart(12, '0')}`;

describe('what state costs', () => {
  it('does not grow with the age of a group: one more event of 9,000 writes little', () => {
    const logs = new Changelogs();
    const events = Array.from({ length: 9_000 }, (_, i) => ({
      stream: 's',
      id: uuid(i),
      session: 'S',
      ms: T0 + i,
    }));
    logs.transaction(events);
    const costs = Array.from({ length: 64 }, (_, i) =>
      logs.transaction([{ stream: 's', id: uuid(9_000 + i), session: 'S', ms: T0 + i }]),
    );
    const mean = costs.reduce((sum, cost) => sum + cost.trace, 0) / costs.length;
    expect(mean).toBeLessThan(3_000);
    expect(logs.greatest).toBeLessThan(8 * 1_024);
  });

  it('does not grow with the groups of a trace: one more event of 3,000 sessions writes one of them', () => {
    const logs = new Changelogs();
    const bound = (i: number, n: number): Sent => ({
      stream: 's',
      id: `${n}-${i}`,
      trace: n === 0 ? 'T' : undefined,
      session: `S${i}`,
      ms: T0 + i,
    });
    logs.transaction(Array.from({ length: 3_000 }, (_, i) => bound(i, 0)));
    logs.transaction(Array.from({ length: 3_000 }, (_, i) => bound(i, 1)));
    const cost = logs.transaction([bound(17, 2)]);
    expect(cost.aggregate).toBeLessThan(3_000);
    expect(logs.greatest).toBeLessThan(8 * 1_024);
  });

  it('keeps every entry below the limit whatever names agents print', () => {
    const logs = new Changelogs();
    const name = (i: number) => `"ж\u0001${i}`.padEnd(400, '\u0002');
    logs.transaction(
      Array.from({ length: 1_500 }, (_, i) => ({
        stream: 's',
        id: name(i),
        session: 'S',
        ms: T0 + i,
        type: name(i),
        agent: name(i),
        framework: name(i),
        properties: { tool_name: name(i), model: name(i), duration_ms: 1e9, total_tokens: 1e9 },
      })),
    );
    expect(logs.greatest).toBeLessThan(MAX_ENTRY_BYTES);
  });
});

describe('after a restore', () => {
  it('closes a trace by quiet though nothing has come since', () => {
    const driver = handMadeDriver();
    send(driver, { stream: 's', id: 'e', session: 'S', type: 'tool_call', ms: T0 });
    driver.settle();
    driver.crash();
    driver.advance(11 * MINUTE);
    expect([...driver.lastRows().traces.values()].map(({ status }) => status)).toEqual(['completed']);
  });
});
