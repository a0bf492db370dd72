import { describe, expect, it } from 'vitest';
import type { AgentEvent, AgentTrace, GroupLink } from '../../lib/model/events.js';
import { LastRowsReader } from '../../lib/stores/last-rows.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { InProcessRun } from '../../lib/topology/in-process.js';
import type { Topology } from '../../lib/topology/topology.js';
import { handMadeDriver, handMadeTopology, MINUTE, type Sent, send, T0 } from './hand-made.js';
import { comparable } from './rows.js';

const events: Sent[] = Array.from({ length: 300 }, (_, i) => ({
  stream: `s${i % 3}`,
  id: `e${i}`,
  session: `S${i % 7}`,
  trace: i % 50 === 49 ? 'T' : undefined,
  ms: T0 + i,
  type: 'decision',
}));

describe('a run in one process', () => {
  it('gives the same rows without keeping what was consumed', () => {
    const driver = handMadeDriver({ partitions: 3 });
    send(driver, ...events);
    driver.settle(10);
    driver.advance(11 * MINUTE);

    const codec = localCodec();
    const reader = new LastRowsReader((event: AgentEvent) => event);
    const run = new InProcessRun({
      topology: handMadeTopology({}, codec),
      defaultPartitions: 1,
      nowMs: T0,
      retain: false,
      onAppend: ({ topic, value }) => {
        if (topic !== 'agent-events' && topic !== 'agent-traces') return;
        const read = codec.decode(value!, ['agent-event', 'group-link', 'agent-trace']);
        if (!read.ok) throw new Error(read.error.message);
        if (read.value.schema === 'agent-trace') reader.trace(read.value.value as AgentTrace);
        else if (read.value.schema === 'group-link') reader.link(read.value.value as GroupLink);
        else reader.event(read.value.value as AgentEvent);
      },
    });
    for (const event of events) {
      run.append('raw-logs', {
        key: event.stream,
        value: Buffer.from(JSON.stringify(event)),
        timestampMs: event.ms,
      });
      run.settle(10);
    }
    run.advance(11 * MINUTE);
    expect(comparable(reader.rows())).toEqual(comparable(driver.lastRows()));
    for (const topic of ['raw-logs', 'parsed-events', 'group-states', 'agent-events', 'agent-traces'])
      expect(run.records(topic)).toEqual([]);
  });

  it('shows nothing of a transaction before it is committed, and nothing of one that is dropped', () => {
    const driver = handMadeDriver();
    send(driver, ...events.slice(0, 5));
    const parse = driver.task('parse-0');
    driver.run.step(parse, 5);
    expect(driver.read('parsed-events')).toEqual([]);
    driver.crash([parse]);
    expect(parse.task.position).toBeUndefined();
    driver.settle();
    expect(driver.read('agent-events')).toHaveLength(5);
  });

  it('sets a value that makes a processor throw aside once, with its cause, and goes on', () => {
    const { subTopologies } = handMadeTopology();
    const [parse, trace, aggregate] = subTopologies;
    const topology: Topology = {
      subTopologies: [
        parse!,
        {
          ...trace!,
          createProcessor: () => {
            const inner = trace!.createProcessor();
            return {
              process: (record, context) => {
                inner.process(record, context);
                // after the fact, so that half of its effects are there to be undone
                if (record.value.event_id === 'e3') throw new Error('no such thing');
              },
            };
          },
        },
        aggregate!,
      ],
    };
    const run = new InProcessRun({ topology, nowMs: T0 });
    for (const event of events.slice(0, 6))
      run.append('raw-logs', {
        key: event.stream,
        value: Buffer.from(JSON.stringify(event)),
        timestampMs: event.ms,
      });
    run.settle();
    expect(run.records('agent-events')).toHaveLength(5);
    const [letter, ...others] = run.records('dead-letter');
    expect(others).toEqual([]);
    expect(letter!.headers['__connect.errors.exception.message']!.toString()).toContain('no such thing');
    const codec = localCodec();
    const pack = codec.decode<{ entries: { event: { event_id: string } }[] }>(letter!.value!, [
      'parsed-pack',
    ]);
    expect(pack.ok && pack.value.value.entries.map(({ event }) => event.event_id)).toEqual(['e3']);
  });

  it('refuses to restore where it keeps nothing to restore from', () => {
    const run = new InProcessRun({ topology: handMadeTopology(), retain: false });
    expect(() => run.crash(run.tasks[0]!)).toThrow('keeps no changelog');
  });
});
