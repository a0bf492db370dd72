import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lane } from '../core/lanes.js';
import { Mutex, RequestGate, Slots, type Turn } from './request-gate.js';

const never = new AbortController().signal;
const gateOf = (quota: number, slots = 3, memory = new Mutex()) =>
  new RequestGate(quota, new Slots(slots, memory));

/** Asks again and again; its turns end at once. */
function flow(gate: RequestGate, group: string, lane: Lane = 'fast', holdMs = 0) {
  const asking = { turns: 0, times: [] as number[], stop: new AbortController() };
  void (async () => {
    for (;;) {
      const turn = await gate.turn(group, lane, asking.stop.signal);
      if (turn === null) return;
      asking.turns++;
      asking.times.push(performance.now());
      if (holdMs > 0) await new Promise((resolve) => setTimeout(resolve, holdMs));
      turn.end();
    }
  })();
  return asking;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the requests of an account and region', () => {
  it('are never more than the quota in any second, the first one included, and hardly fewer', async () => {
    const gate = gateOf(4.5);
    const flows = ['a', 'b', 'c'].map((group) => flow(gate, group));
    await vi.advanceTimersByTimeAsync(20_000);
    const times = flows.flatMap((one) => one.times).sort((a, b) => a - b);
    const inSecond = times.map((from) => times.filter((time) => time >= from && time < from + 1_000).length);
    expect(Math.max(...inSecond)).toBeLessThanOrEqual(5);
    expect(times.length).toBeGreaterThanOrEqual(88);
    expect(times.length).toBeLessThanOrEqual(91);
  });

  it('are as many for one that asks alone after a long rest', async () => {
    const gate = gateOf(4);
    await vi.advanceTimersByTimeAsync(600_000);
    const alone = flow(gate, 'a');
    await vi.advanceTimersByTimeAsync(999);
    expect(alone.turns).toBe(4);
  });

  it('are shared out evenly, whoever asks more, and the one that comes late does not wait for the crowd', async () => {
    const gate = gateOf(10);
    const busy = Array.from({ length: 20 }, () => flow(gate, 'busy'));
    const calm = flow(gate, 'calm');
    await vi.advanceTimersByTimeAsync(10_000);
    const late = flow(gate, 'late');
    await vi.advanceTimersByTimeAsync(500);
    expect(late.turns).toBeGreaterThanOrEqual(1);
    await vi.advanceTimersByTimeAsync(9_500);
    const ofBusy = busy.reduce((sum, { turns }) => sum + turns, 0);
    expect(calm.turns).toBeGreaterThanOrEqual(80);
    expect(calm.turns).toBeLessThanOrEqual(ofBusy + 2);
    expect(late.turns).toBeGreaterThanOrEqual(30);
  });

  it('go to polls three times where they go to a sweep once', async () => {
    const gate = gateOf(10);
    const fast = flow(gate, 'a');
    const sweep = flow(gate, 'a', 'sweep');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(fast.turns / sweep.turns).toBeGreaterThan(2.8);
    expect(fast.turns / sweep.turns).toBeLessThan(3.2);
  });

  it('are halved by a refusal, never below one in five seconds, and back within minutes', async () => {
    const gate = gateOf(4);
    gate.throttled();
    expect(gate.rate).toBe(2);
    gate.throttled(); // one that was under way with it
    expect(gate.rate).toBe(2);
    for (let n = 0; n < 20; n++) {
      await vi.advanceTimersByTimeAsync(600);
      gate.throttled();
    }
    expect(gate.rate).toBeLessThan(0.25);
    const asking = flow(gate, 'a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asking.turns).toBeGreaterThanOrEqual(2);
    expect(asking.turns).toBeLessThan(10);
    await vi.advanceTimersByTimeAsync(230_000);
    expect(gate.rate).toBe(4);
  });

  it('are a share of the quota where other pollers have the rest, and never none', async () => {
    const gate = gateOf(8);
    gate.setShare(0.25);
    const asking = flow(gate, 'a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asking.turns).toBeGreaterThanOrEqual(20);
    expect(asking.turns).toBeLessThanOrEqual(21);
    gate.setShare(1e-9);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(asking.turns).toBeGreaterThanOrEqual(22);
  });
});

describe('turns under way', () => {
  it('are at most as many as there are slots, and the next begins when one ends', async () => {
    const gate = gateOf(1_000, 2);
    const turns: Turn[] = [];
    for (const group of ['a', 'b', 'c'])
      void gate.turn(group, 'fast', never).then((turn) => turns.push(turn!));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(turns).toHaveLength(2);
    expect(gate.waiting).toBe(1);
    turns[0]!.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(turns).toHaveLength(3);
    expect(gate.waiting).toBe(0);
  });

  it('of one region do not hold up another, though none of them ends', async () => {
    const memory = new Mutex();
    const dead = gateOf(1_000, 1, memory);
    const alive = gateOf(10, 1, memory);
    void dead.turn('a', 'fast', never);
    void dead.turn('b', 'fast', never);
    const asking = flow(alive, 'c');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asking.turns).toBeGreaterThanOrEqual(9);
  });

  it('read their pages one at a time, in the order of their answers, over all regions', async () => {
    const memory = new Mutex();
    const [one, other] = [gateOf(1_000, 3, memory), gateOf(1_000, 3, memory)];
    const asked = [
      one.turn('a', 'fast', never),
      other.turn('b', 'fast', never),
      one.turn('c', 'fast', never),
    ];
    await vi.advanceTimersByTimeAsync(10);
    const [a, b, c] = (await Promise.all(asked)) as [Turn, Turn, Turn];
    const entered: string[] = [];
    void c.beforeBody().then(() => entered.push('c'));
    void b.beforeBody().then(() => entered.push('b'));
    await vi.advanceTimersByTimeAsync(10);
    expect(entered).toEqual(['c']);
    a.end(); // it had no page
    await vi.advanceTimersByTimeAsync(10);
    expect(entered).toEqual(['c']);
    c.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(entered).toEqual(['c', 'b']);
  });

  it('are none for whoever has stopped, before or while it waits, and the others get its turn', async () => {
    const gate = gateOf(1);
    const stopped = new AbortController();
    const first = await gate.turn('a', 'fast', never);
    const waiting = gate.turn('b', 'fast', stopped.signal);
    const next = gate.turn('c', 'fast', never);
    stopped.abort();
    expect(await waiting).toBeNull();
    expect(await gate.turn('b', 'fast', stopped.signal)).toBeNull();
    expect(gate.waiting).toBe(1);
    first!.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next).not.toBeNull();
  });
});
