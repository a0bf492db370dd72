import { describe, expect, it } from 'vitest';
import { generate } from './generate.js';
import type { LabelledLine } from './record.js';
import { loadScenario, type Scenario, scenarioFiles } from './scenario.js';

const named = (name: string): Scenario =>
  loadScenario(scenarioFiles().find((file) => file.name === name)!.path);
const made = new Map<string, LabelledLine[]>();
/** Made once: the tests only read them. */
function lines(name: string, seed = 1): LabelledLine[] {
  const key = `${name} ${seed}`;
  const all = made.get(key) ?? generate(named(name), seed, 0.4);
  made.set(key, all);
  return all;
}
const heads = (all: LabelledLine[]) =>
  all.filter(({ truth }) => truth.isHead && truth.run !== null).map(({ truth }) => truth);
const timeOf = ({ input }: LabelledLine): number => Date.parse(input.timestamp);

describe('labelled log lines', () => {
  it.each(scenarioFiles().map(({ name }) => name))('%s: the same seed gives the same lines', (name) => {
    const first = lines(name);
    expect(generate(named(name), 1, 0.4)).toEqual(first);
    expect(lines(name, 2).map(({ input }) => input.message)).not.toEqual(
      first.map(({ input }) => input.message),
    );
    expect(named(name).name).toBe(name);
  });

  it.each(scenarioFiles().map(({ name }) => name))(
    '%s: every id that is said to be shown is in the text',
    (name) => {
      for (const { input, truth } of lines(name))
        for (const id of [...truth.ids, ...(truth.agent === null ? [] : [truth.agent])])
          expect(input.message).toContain(id);
    },
  );

  it('an id belongs to one session', () => {
    for (const name of ['ids-everywhere', 'messy', 'container-half-ids', 'lambda']) {
      const owners = new Map<string, string | null>();
      for (const { truth } of lines(name))
        for (const id of truth.ids)
          expect(owners.set(id, owners.get(id) ?? truth.run).get(id)).toBe(truth.run);
      expect(owners.size).toBeGreaterThan(10);
    }
  });

  it('shows ids as often as the scenario says', () => {
    const share = (name: string) => {
      const all = heads(lines(name));
      return all.filter(({ ids }) => ids.length > 0).length / all.length;
    };
    expect(share('ids-everywhere')).toBe(1);
    expect(share('container-half-ids')).toBeCloseTo(0.5, 1);
    expect(share('container-half-ids-json')).toBeCloseTo(0.5, 1);
    for (const name of ['agent-only-one-stream', 'agent-only-many-streams', 'container-no-ids'])
      expect(share(name)).toBe(0);
    const shown = heads(lines('agent-only-one-stream')).map(({ agent }) => agent);
    expect(shown).not.toContain(null);
  });

  it('of an invocation, only the lines of the platform show the request id', () => {
    const all = lines('lambda');
    expect(
      new Set(
        heads(all)
          .filter(({ ids }) => ids.length > 0)
          .map(({ kind }) => kind),
      ),
    ).toEqual(new Set(['platform']));
    const late = all.filter((line, index) => index > 0 && timeOf(line) < timeOf(all[index - 1]!));
    expect(late.length).toBeGreaterThan(0);
  });

  it('has sessions under way at once in a stream, but no more than there are workers', () => {
    const spans = new Map<string, { stream: string; from: number; to: number }>();
    for (const line of lines('container-half-ids')) {
      const { run, stream } = line.truth;
      if (run === null) continue;
      const span = spans.get(run) ?? { stream, from: timeOf(line), to: timeOf(line) };
      spans.set(run, {
        stream,
        from: Math.min(span.from, timeOf(line)),
        to: Math.max(span.to, timeOf(line)),
      });
    }
    const all = [...spans.values()];
    const atOnce = all.map(
      ({ stream, from }) =>
        all.filter((other) => other.stream === stream && other.from <= from && from <= other.to).length,
    );
    expect(Math.max(...atOnce)).toBe(3);
  });

  it('a Lambda environment runs one invocation at a time', () => {
    const scenario = named('lambda');
    const punctual = { ...scenario, delivery: { ...scenario.delivery, late: 0 } };
    const running = new Map<string, string | null>();
    for (const { input, truth } of generate(punctual, 3, 0.5)) {
      if (input.message.startsWith('START ')) {
        expect(running.get(truth.stream) ?? null).toBeNull();
        running.set(truth.stream, truth.run);
      } else if (truth.run !== null) expect(running.get(truth.stream)).toBe(truth.run);
      if (input.message.startsWith('REPORT ')) running.set(truth.stream, null);
    }
  });

  it('sends lines twice and out of order where it is told to', () => {
    const all = lines('messy');
    const copies = all.filter(({ input }, index) => all.findIndex((other) => other.input === input) < index);
    expect(copies.length / all.length).toBeCloseTo(0.02, 1);
    expect(copies.length).toBeGreaterThan(5);
    const orderly = (name: string) => {
      const found = lines(name).filter(
        ({ truth }) => truth.stream.startsWith('shop') || truth.stream.startsWith('api'),
      );
      const last = new Map<string, number>();
      return found.every((line) => {
        const before = last.get(line.truth.stream) ?? 0;
        last.set(line.truth.stream, timeOf(line));
        return timeOf(line) >= before;
      });
    };
    expect(orderly('messy')).toBe(false);
    expect(orderly('container-half-ids')).toBe(true);
  });

  it('a run that was under way at a restart of its process prints nothing more', () => {
    const scenario = named('container-half-ids');
    const restarting = { ...scenario, delivery: { ...scenario.delivery, restarts_per_hour: 120 } };
    const begun = new Map<string, Set<string>>();
    const cut = new Map<string, Set<string>>();
    for (const { input, truth } of generate(restarting, 1, 0.4)) {
      const { stream, run } = truth;
      if (input.message.includes('Application startup complete')) cut.set(stream, new Set(begun.get(stream)));
      if (run === null) continue;
      expect(cut.get(stream)?.has(run) ?? false).toBe(false);
      begun.set(stream, (begun.get(stream) ?? new Set()).add(run));
    }
    expect(cut.size).toBeGreaterThan(2);
  });
});
