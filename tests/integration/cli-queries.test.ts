import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { mint } from '../pipeline/oracle.js';
import { API_KEY, Pipeline, vectadb } from '../pipeline/pipeline.js';

const START_MS = Date.now() - 3_600_000;
const SESSIONS = 6;
const events = mint(7, 120, SESSIONS, START_MS);
/** One session says something that no other says. */
const odd = events.filter(({ session_id }) => session_id === events[1]!.session_id)[3]!;
odd.properties.message = 'the ferry to Lisbon was cancelled at 100% of the piers';

let pipeline: Pipeline;
const run = (...args: string[]) => vectadb(pipeline.stack, args);
// biome-ignore lint/suspicious/noExplicitAny: the answers of several routes
const json = async (...args: string[]): Promise<any> => JSON.parse(await run(...args, '--json'));

beforeAll(async () => {
  pipeline = await Pipeline.start();
  Object.assign(pipeline.stack.env, { VECTADB_URL: pipeline.gatewayUrl, VECTADB_API_KEY: API_KEY });
  await pipeline.sendHttp(events);
  await waitFor(
    'all events to be listed',
    async () => (await json('events', '--limit', '500')).events.length === 120,
    {
      limitMs: 60_000,
      everyMs: 500,
    },
  );
});
afterAll(() => pipeline?.stop());

describe('vectadb events', () => {
  it('filters as the API does, in pages', async () => {
    const { session_id } = events[0]!;
    const mine = events.filter((event) => event.session_id === session_id).map(({ event_id }) => event_id);
    const found = await json('events', '--session-id', session_id, '--order', 'asc');
    expect(found.events.map((event: { event_id: string }) => event.event_id)).toEqual(mine);
    const types = await json('events', '--event-type', 'llm_end', '--event-type', 'log', '--limit', '200');
    const wanted = events.filter(({ event_type }) => event_type === 'llm_end' || event_type === 'log');
    expect(types.events).toHaveLength(wanted.length);
    const page = await json('events', '--limit', '7');
    const next = await json('events', '--limit', '7', '--cursor', page.next_cursor);
    expect([...page.events, ...next.events].map((event) => event.event_id)).toEqual(
      events
        .map(({ event_id }) => event_id)
        .reverse()
        .slice(0, 14),
    );
  });

  it('shows a table, and says where there are more', async () => {
    const output = await run('events', '--text', 'ferry "100% of the piers"', '--from', '2h');
    expect(output).toContain(odd.event_id);
    expect(output).not.toContain('there are more');
    expect(await run('events', '--limit', '3')).toContain('there are more');
    expect(await run('events', '--to', '3h')).toContain('no event fits');
  });

  it('says the API’s own words where it refuses', async () => {
    await expect(run('events', '--order', 'up')).rejects.toThrow(/400.*order/s);
    await expect(run('events', '--from', 'yesterday')).rejects.toThrow("--from is 'yesterday'");
  });
});

describe('vectadb traces', () => {
  it('lists, filters and sorts', async () => {
    const all = await json('traces');
    expect(all.traces).toHaveLength(SESSIONS);
    const byEvents = await json('traces', '--sort', 'events', '--limit', '2');
    expect(byEvents.traces.map((trace: { total_events: number }) => trace.total_events)).toEqual([20, 20]);
    const one = await json('traces', '--session-id', odd.session_id);
    expect(one.traces).toHaveLength(1);
    const output = await run('traces', '--session-id', odd.session_id);
    expect(output).toContain(one.traces[0].trace_id);
    expect(output).toContain('20');
    expect(await run('traces', '--status', 'truncated')).toContain('no trace fits');
  });
});

describe('vectadb search', () => {
  const QUERY = 'ferry to Lisbon';

  it.each(['meaning', 'text', 'both'])('finds by %s', async (by) => {
    await waitFor(
      'the vector',
      async () => (await json('search', QUERY, '--by', by)).results[0]?.event.event_id === odd.event_id,
      { limitMs: 60_000, everyMs: 500 },
    );
    const answer = await json('search', QUERY, '--by', by, '--session-id', odd.session_id);
    expect(answer.results[0].event.event_id).toBe(odd.event_id);
    expect(answer.results[0].found_by.map(({ how }: { how: string }) => how)).toEqual(
      by === 'both' ? ['meaning', 'text'] : [by],
    );
    const none = await json('search', QUERY, '--by', 'text', '--session-id', events[0]!.session_id);
    expect(none.results).toEqual([]);
  });

  it('says what was compared', async () => {
    expect(await run('search', QUERY)).toMatch(/^lexical \(hashed\)\n/);
    expect(await run('search', QUERY, '--by', 'text')).toMatch(/^text\n/);
    expect(await run('search', QUERY, '--by', 'both')).toMatch(/^lexical \(hashed\) and text\n/);
    await expect(run('search', QUERY, '--by', 'luck')).rejects.toThrow(
      'Allowed choices are meaning, text, both',
    );
  });
});
