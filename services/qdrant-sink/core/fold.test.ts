import { describe, expect, it } from 'vitest';
import type { GroupLink } from '../../../lib/model/events.js';
import { type Entry, fold } from './fold.js';

const event = (event_id: string, revision: number, over: { group_id?: string; generation?: number } = {}) =>
  ({
    kind: 'event',
    event: {
      payload: {
        event_id,
        trace_id: 'root',
        group_id: 'g',
        event_type: `r${revision}`,
        agent_id: null,
        timestamp: 0,
        generation: 1,
        revision,
        ...over,
      },
      text: `text ${revision}`,
      appendedMs: 0,
    },
    origin: `${event_id}@${revision}`,
  }) satisfies Entry<string>;

const link = (trace_id: string, revision: number, over: { group_id?: string; generation?: number } = {}) =>
  ({
    kind: 'link',
    link: { group_id: 'g', trace_id, generation: 1, revision, ...over } as GroupLink,
    origin: `link@${revision}`,
  }) satisfies Entry<string>;

const points = (entries: Entry<string>[]) =>
  fold(entries).events.map(({ payload, origin }) => [
    origin,
    payload.trace_id,
    payload.generation,
    payload.revision,
  ]);

describe('a batch comes to', () => {
  it('the newest emission of each event', () => {
    expect(points([event('a', 1), event('b', 2), event('a', 3)])).toEqual([
      ['a@3', 'root', 1, 3],
      ['b@2', 'root', 1, 2],
    ]);
  });

  it('the newest emission even where an older one comes after it, as in a batch delivered again', () => {
    expect(points([event('a', 3), event('a', 1)])).toEqual([['a@3', 'root', 1, 3]]);
  });

  it('the newest link of a group, once, for the points of earlier batches', () => {
    expect(
      fold([link('t2', 2), link('t3', 5), link('t2', 2), link('x', 9, { group_id: 'h' })]).moves,
    ).toEqual([
      { group_id: 'g', trace_id: 't3', generation: 1, revision: 5 },
      { group_id: 'h', trace_id: 'x', generation: 1, revision: 9 },
    ]);
  });

  it('versions by generation before revision', () => {
    expect(points([event('a', 9), event('a', 1, { generation: 2 }), link('old', 50)])).toEqual([
      ['a@1', 'root', 2, 1],
    ]);
  });

  it('one point for ids that differ in case only, because Qdrant has one', () => {
    const id = '0A000000-0000-4000-8000-00000000000B';
    expect(points([event(id, 1), event(id.toLowerCase(), 2)])).toHaveLength(1);
  });

  it('nothing of nothing', () => {
    expect(fold([])).toEqual({ events: [], retractions: [], moves: [] });
  });
});
