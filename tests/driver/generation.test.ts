import { describe, expect, it } from 'vitest';
import type { AgentEvent, AgentTrace, GroupLink } from '../../lib/model/events.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { type OutputRecord, Task } from '../../lib/topology/task.js';
import { handMadeTopology, MINUTE, type Sent, T0 } from './hand-made.js';

const codec = localCodec();

/** All stages of one partition, restored from what was written when the generation is raised, as the processor does it. */
class Stages {
  private changelogs: { key: string; value: Buffer | null }[][] = [[], [], []];
  private readonly offsets = new Map<string, number>();
  private tasks = this.made(1);

  raise(generation: number): void {
    this.tasks = this.made(generation);
    this.tasks.forEach((task, stage) => {
      for (const { key, value } of this.changelogs[stage]!) task.restore(key, value);
    });
  }

  /** What is sent to agent-events and agent-traces. */
  send(event: Sent, nowMs: number): { events: (AgentEvent | GroupLink)[]; traces: AgentTrace[] } {
    return this.feed(
      'raw-logs',
      [{ key: Buffer.from(event.stream), value: Buffer.from(JSON.stringify(event)) }],
      nowMs,
    );
  }

  quiet(nowMs: number): AgentTrace[] {
    this.tasks[2]!.advanceTime(nowMs);
    return this.feed('raw-logs', [], nowMs).traces;
  }

  private feed(source: string, records: { key: Buffer | null; value: Buffer | null }[], nowMs: number) {
    const sent: OutputRecord[] = records.map((record) => ({
      topic: source,
      partition: 0,
      headers: {},
      ...record,
    }));
    for (const [stage, topic] of ['raw-logs', 'parsed-events', 'group-states'].entries()) {
      const task = this.tasks[stage]!;
      for (const { key, value } of sent.filter((record) => record.topic === topic)) {
        const offset = this.offsets.get(topic) ?? 0;
        this.offsets.set(topic, offset + 1);
        task.process({ topic, partition: 0, offset, timestampMs: nowMs, key, value, headers: {} });
      }
      const { outputs, changelog } = task.takeTransaction();
      sent.push(...outputs);
      this.changelogs[stage]!.push(...changelog);
    }
    const read = <T>(topic: string): T[] =>
      sent
        .filter((record) => record.topic === topic)
        .map(({ value }) => {
          const decoded = codec.decode<T>(value!, ['agent-event', 'group-link', 'agent-trace']);
          if (!decoded.ok) throw new Error(decoded.error.message);
          return decoded.value.value;
        });
    return { events: read<AgentEvent | GroupLink>('agent-events'), traces: read<AgentTrace>('agent-traces') };
  }

  private made(generation: number): Task<unknown, unknown>[] {
    const { subTopologies } = handMadeTopology({ generation }, codec);
    return subTopologies.map((sub) => new Task<unknown, unknown>(sub, 0, () => 1));
  }
}

const event = (id: string, session: string, ms = T0): Sent => ({
  stream: 's',
  id,
  session,
  ms,
  type: 'tool_call',
});

describe('when the generation is raised', () => {
  it('what began before is told of under the new one, and has the store count', () => {
    const stages = new Stages();
    expect(stages.send(event('a', 'S'), T0).traces).toMatchObject([{ generation: 1, state_lost: false }]);
    stages.raise(2);
    const next = stages.send(event('b', 'S'), T0 + 1);
    expect(next.events).toMatchObject([{ event_id: 'b', generation: 2, flags: [] }]);
    expect(next.traces).toMatchObject([{ generation: 2, state_lost: true }]);
  });

  it('what begins afterwards is counted as ever', () => {
    const stages = new Stages();
    stages.raise(2);
    expect(stages.send(event('a', 'S'), T0).traces).toMatchObject([{ generation: 2, state_lost: false }]);
    expect(stages.send(event('b', 'S'), T0 + 1).traces).toMatchObject([
      { total_events: 2, state_lost: false },
    ]);
  });

  it('a trace that is closed by quiet has the store count too', () => {
    const stages = new Stages();
    stages.send(event('a', 'S'), T0);
    stages.raise(3);
    expect(stages.quiet(T0 + 11 * MINUTE)).toMatchObject([
      { status: 'completed', generation: 3, state_lost: true },
    ]);
  });

  it('a link of a group that began before moves its rows under the new one', () => {
    const stages = new Stages();
    stages.send(event('a', 'S'), T0);
    stages.raise(2);
    const { events, traces } = stages.send({ ...event('b', 'S'), trace: 'T' }, T0 + 1);
    expect(events.filter((sent) => 'previous_trace_id' in sent)).toMatchObject([
      { trace_id: 'T', generation: 2 },
    ]);
    expect(traces.find(({ trace_id }) => trace_id === 'T')).toMatchObject({
      generation: 2,
      state_lost: true,
    });
  });
});
