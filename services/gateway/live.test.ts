import { afterEach, describe, expect, it } from 'vitest';
import type { LiveFilter, LiveSubject } from './core/live-filter.js';
import { LiveFeed } from './live.js';

const ALL: LiveFilter = {
  kinds: new Set(['event', 'trace']),
  event_type: null,
  agent_id: null,
  session_id: null,
  trace_id: null,
  level: null,
  status: null,
  text: [],
};
const subject = (more: Partial<LiveSubject> = {}): LiveSubject => ({
  kind: 'event',
  event_types: ['tool_call'],
  agents: ['a1'],
  session_id: 's1',
  trace_id: 't1',
  level: 'INFO',
  status: null,
  text: () => 'booked a flight to oslo',
  ...more,
});
const LIMITS = { clients: 2, clientBytes: 2_000, kept: 5, heartbeatMs: 60_000 };

let feed: LiveFeed;
const start = () => {
  feed = new LiveFeed('i', LIMITS);
  return feed;
};
afterEach(() => feed.close());
const read = (stream: { read(): Buffer | null }) => {
  const parts: string[] = [];
  for (let part = stream.read(); part !== null; part = stream.read()) parts.push(String(part));
  return parts.join('');
};
const said = (stream: { read(): Buffer | null }) =>
  [...read(stream).matchAll(/^data: (.*)$/gm)].map(([, data]) => data);

describe('the live feed', () => {
  it.each<[Partial<LiveFilter>, boolean]>([
    [{}, true],
    [{ kinds: new Set(['trace']) }, false],
    [{ event_type: new Set(['log', 'tool_call']), agent_id: new Set(['a1']) }, true],
    [{ event_type: new Set(['log']) }, false],
    [{ agent_id: new Set(['a2']) }, false],
    [{ session_id: new Set(['s1']), trace_id: new Set(['t1']), level: new Set(['INFO']) }, true],
    [{ status: new Set(['failed']) }, false],
    [{ text: ['oslo', 'flight'] }, true],
    [{ text: ['oslo', 'train'] }, false],
  ])('gives a client with the filter %o what it wants: %s', (filter, wanted) => {
    const stream = start().subscribe({ ...ALL, ...filter });
    feed.publish({ subject: subject(), data: '"one"' });
    expect(said(stream).includes('"one"')).toBe(wanted);
  });

  it('holds little for a slow client, tells it how many it missed, and goes on', () => {
    const slow = start().subscribe(ALL);
    const quick = feed.subscribe(ALL);
    let seen = 0;
    for (let n = 0; n < 1_000; n++) {
      feed.publish({ subject: subject(), data: JSON.stringify(`${n}`.padEnd(100)) });
      seen += said(quick).filter((data) => data!.includes('  ')).length;
    }
    expect(slow.readableLength).toBeLessThan(LIMITS.clientBytes + 400);
    const behind = said(slow);
    const dropped = Number(/"n":(\d+)/.exec(behind.at(-1)!)?.[1]);
    expect(dropped).toBeGreaterThan(900);
    expect(behind.filter((data) => data!.includes('  ')).length + dropped).toBe(1_000);
    feed.publish({ subject: subject(), data: '"after"' });
    expect(said(slow)).toEqual(['"after"']);
    expect(seen).toBe(1_000);
  });

  it('gives who comes back what was kept since, once, and says where that is not known', () => {
    start();
    for (let n = 1; n <= 8; n++) feed.publish({ subject: subject(), data: `"${n}"` });
    const back = feed.subscribe(ALL, 'i.5');
    expect(said(back).slice(1)).toEqual(['"6"', '"7"', '"8"']);
    back.destroy();
    for (const unknown of ['i.2', 'other.5', 'i.99', 'i.x', '']) {
      const stream = feed.subscribe(ALL, unknown);
      expect(read(stream)).toContain('event: reset');
      stream.destroy();
    }
  });

  it('gives who saw nothing yet a place to come back to, and tells of a gap', () => {
    const placeIn = (text: string) => /^id: (.*)$/m.exec(text)?.[1];
    const first = start().subscribe(ALL);
    const place = placeIn(read(first));
    first.destroy();
    feed.publish({ subject: subject(), data: '"meanwhile"' });
    const back = feed.subscribe(ALL, place);
    expect(said(back).slice(1)).toEqual(['"meanwhile"']);
    back.destroy();
    feed.gap();
    const late = read(feed.subscribe(ALL, place));
    expect(late).toContain('event: reset');
    const after = feed.subscribe(ALL, placeIn(late));
    expect(read(after)).not.toContain('event: reset');
  });

  it('takes no more clients than it may, and again when one has gone', () => {
    const one = start().subscribe(ALL);
    feed.subscribe(ALL);
    expect(() => feed.subscribe(ALL)).toThrow(/more than 2 clients/);
    one.destroy();
    expect(feed.size).toBe(1);
    feed.subscribe(ALL);
  });

  it('ends every stream when it closes', async () => {
    const stream = start().subscribe(ALL);
    const ended = new Promise((resolve) => stream.once('end', resolve));
    stream.resume();
    feed.close();
    await ended;
  });
});
