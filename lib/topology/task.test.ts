import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ok, refuse } from '../model/result.js';
import { PoisonError, Task } from './task.js';
import type { EncodedRecord, Processor, SubTopology } from './topology.js';

const record = (offset: number, text: string, key: string | null = null): EncodedRecord => ({
  topic: 'in',
  partition: 2,
  offset,
  timestampMs: 1_000 + offset,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(text),
  headers: { trace: Buffer.from('h') },
});

type State = { count: number };

/** Counts words per key; `wake` asks for a timer, `boom` throws, `bad` cannot be decoded, `no` is refused. */
function countingSub(overrides: Partial<SubTopology<string, State>> = {}): SubTopology<string, State> {
  const processor = (): Processor<string, State> => ({
    process: ({ value }, context) => {
      if (value === 'boom') throw new Error('cannot');
      if (value === 'no') return context.deadLetter('INVALID_EVENT', 'no is no word');
      if (value === 'forget') return context.state.delete('word');
      const count = (context.state.get('word')?.count ?? 0) + 1;
      context.state.put('word', { count }, value === 'wake' ? 5_000 : undefined);
      context.forward({ topic: 'out', key: value, value: `${value}=${count}` });
      context.forward({ topic: 'sums', key: 'word', value: count, coalesceKey: 'word' });
    },
    onTimer: (key, state, nowMs, context) => {
      context.forward({ topic: 'out', key, value: `timer@${nowMs}=${state.count}` });
      context.state.put(key, { count: state.count + 100 });
    },
  });
  return {
    name: 'words',
    groupId: 'words',
    source: 'in',
    changelog: 'words-changelog',
    decode: ({ value }) => {
      const text = value!.toString();
      return text === 'bad' ? refuse('INVALID_EVENT', 'bad') : ok(text.split(' '));
    },
    sinks: {
      out: { topic: 'out', encode: (value: string) => Buffer.from(value) },
      sums: { topic: 'sums', encode: (value: number) => Buffer.from(String(value)) },
    },
    createProcessor: processor,
    ...overrides,
  };
}

const newTask = (sub = countingSub()) => new Task(sub, 2, () => 4);
const valuesOf = (task: Task<string, State>, topic: string) =>
  task
    .takeTransaction()
    .outputs.filter((output) => output.topic === topic)
    .map(({ value }) => value!.toString());

describe('a task', () => {
  it('moves its position past each record and writes it once per transaction', () => {
    const task = newTask();
    task.process(record(7, 'a'));
    task.process(record(8, 'b'));
    const { changelog, position } = task.takeTransaction();
    expect(position).toBe(9);
    expect(changelog.map(({ key, value }) => [key, value!.toString()])).toEqual([
      ['state/word', '{"v":{"count":2}}'],
      ['position', '{"offset":9}'],
    ]);
    expect(task.takeTransaction().changelog).toEqual([]);
  });

  it('sends the same without a changelog, and counts all as written', () => {
    const [kept, free] = [newTask(), newTask()];
    for (const task of [kept, free]) task.process(record(7, 'a'));
    const { outputs, position } = kept.takeTransaction();
    expect(free.takeTransaction({ keepsChangelog: false })).toEqual({ outputs, changelog: [], position });
    expect([free.hasOutput, free.hasMoved]).toEqual([false, false]);
    expect([...free.state.entries()]).toEqual([...kept.state.entries()]);
  });

  it('moves over markers without output', () => {
    const task = newTask();
    task.advanceTo(12);
    expect([task.hasOutput, task.hasMoved, task.position]).toEqual([false, true, 12]);
    task.advanceTo(3);
    expect(task.position).toBe(12);
  });

  it('sends of coalesced records only the last', () => {
    const task = newTask();
    task.process(record(0, 'a b c'));
    expect(valuesOf(task, 'sums')).toEqual(['3']);
  });

  it('sends what cannot be decoded to dead-letter with bytes, headers and position', () => {
    const task = newTask();
    task.process(record(5, 'bad', 'k'));
    const [letter] = task.takeTransaction().outputs;
    expect(letter!.topic).toBe('dead-letter');
    expect(letter!.value!.toString()).toBe('bad');
    expect(letter!.key!.toString()).toBe('k');
    expect(letter!.headers).toMatchObject({
      trace: Buffer.from('h'),
      '__connect.errors.topic': 'in',
      '__connect.errors.partition': '2',
      '__connect.errors.offset': '5',
      '__connect.errors.exception.class.name': 'INVALID_EVENT',
    });
  });

  it('sends a value that its processor refuses to dead-letter and goes on with its siblings', () => {
    const task = newTask();
    task.process(record(0, 'a no b'));
    const { outputs } = task.takeTransaction();
    expect(outputs.map(({ topic }) => topic).sort()).toEqual(['dead-letter', 'out', 'out', 'sums']);
  });

  it('names the place at which the processor threw, and passes that place by once told to skip it', () => {
    const failing = newTask();
    let at = '';
    try {
      failing.process(record(3, 'a boom b'));
    } catch (error) {
      expect(error).toBeInstanceOf(PoisonError);
      at = (error as PoisonError).at;
    }
    expect(at).toBe('3/1');
    const task = newTask();
    task.skip.set(at, 'cannot');
    task.process(record(3, 'a boom b'));
    expect(valuesOf(task, 'out')).toEqual(['a=1', 'b=2']);
  });

  it('fires a timer once, when its time has come, and keeps it through a restore', () => {
    const task = newTask();
    task.process(record(0, 'wake'));
    expect([task.nextWakeMs(), task.advanceTime(4_999)]).toEqual([5_000, 0]);
    const restored = newTask();
    for (const { key, value } of task.takeTransaction().changelog) restored.restore(key, value);
    expect(restored.advanceTime(5_000)).toBe(1);
    expect(restored.advanceTime(9_999)).toBe(0);
    expect(valuesOf(restored, 'out')).toEqual(['timer@5000=1']);
  });

  it('packs the entries of one partition, in order, within the limits', () => {
    const sub = countingSub({
      sinks: {
        out: {
          topic: 'out',
          encode: (value: string[]) => Buffer.from(JSON.stringify(value)),
          pack: { wrap: (entries) => entries, maxBytes: 60, maxEntries: 5 },
        },
        sums: { topic: 'sums', encode: (value: number) => Buffer.from(String(value)) },
      },
    });
    const task = new Task(sub, 0, () => 1);
    const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
    task.process(record(0, words.join(' ')));
    const packs = valuesOf(task, 'out');
    expect(packs.flatMap((pack) => JSON.parse(pack) as string[])).toEqual(
      words.map((word, i) => `${word}=${i + 1}`),
    );
    for (const pack of packs) {
      expect(pack.length).toBeLessThanOrEqual(60);
      expect((JSON.parse(pack) as string[]).length).toBeLessThanOrEqual(5);
    }
  });

  it('restored from its changelog at any point behaves as the task that was never lost', () => {
    const words = fc.array(fc.constantFrom('a', 'wake', 'forget', 'no', 'bad', 'tick'), { maxLength: 30 });
    fc.assert(
      fc.property(words, fc.nat(30), (script, cut) => {
        const play = (task: Task<string, State>, from: number, to: number) =>
          script.slice(from, to).flatMap((word, i) => {
            if (word === 'tick') task.advanceTime(10_000);
            else task.process(record(from + i, word));
            return task.takeTransaction().changelog;
          });
        const whole = newTask();
        play(whole, 0, script.length);
        const first = newTask();
        const log = play(first, 0, cut);
        const second = newTask();
        for (const { key, value } of log) second.restore(key, value);
        play(second, Math.min(cut, script.length), script.length);
        expect([...second.state.entries()]).toEqual([...whole.state.entries()]);
        expect(second.nextWakeMs()).toBe(whole.nextWakeMs());
      }),
    );
  });
});
