import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unexplained } from '../../../lib/model/events.js';
import type { EventContext, EventRow } from '../../../lib/stores/surreal/index.js';
import { anEventRow, aTraceRow } from '../testing/fake-ports.js';
import { explain } from './explain.js';

type Why = EventRow['why'];
const why = (more: Partial<Why>): Why => ({ ...unexplained(2), ...more });
const contextOf = (event: Partial<EventRow>, more: Partial<EventContext> = {}): EventContext => ({
  event: anEventRow({ trace_id: 'g-1', ...event }),
  trace: null,
  bound_by: null,
  continued_by: null,
  before: [],
  after: [],
  ...more,
});
const summaryOf = (event: Partial<EventRow>, more?: Partial<EventContext>) =>
  explain(contextOf(event, more)).summary;

describe('an explanation', () => {
  it.each<[string, Partial<EventRow>, string[]]>([
    [
      'a rule',
      { why: why({ rule: 'react_action', rule_version: 'a1b2' }), event_type: 'agent_action' },
      ['It is an agent_action by the rule react_action (version a1b2).'],
    ],
    ['a type that the sender named', { why: why({}) }, ['Its sender said that it is a tool_call.']],
    ['a line that nothing recognised', { why: why({}), event_type: 'log' }, ['No rule recognised it']],
    ['a field of its JSON', { why: why({ rule: 'json_event_type' }) }, ['by the field of its JSON']],
    [
      'a traceback',
      { why: why({ rule: 'python_traceback' }), event_type: 'error' },
      ['It is an error by the traceback in it.'],
    ],
    ['several lines', { properties: { message: 'a\nb\nc' } }, ['It was joined from 3 lines.']],
    [
      'a record of several steps',
      { raw: { topic: 'raw-logs', partition: 1, offset: 9, index: 2 } },
      ['It is step 3 of a record that holds several.', 'It was read from raw-logs/1 at offset 9.'],
    ],
    ['an event without a time', { flags: ['no_timestamp'] }, ['the time at which it arrived stands for it']],
    ['one that was cut', { flags: ['truncated'] }, ['it is cut']],
    [
      'a trace id',
      { why: why({ strategy: 1 }), group_key: 'trace:T', trace_id: 'T' },
      ['It names its trace T.'],
    ],
    [
      'a trace id in an invocation',
      {
        why: why({ strategy: 1, inherited: 'invocation:R', confidence: 1 }),
        group_key: 'trace:T',
        trace_id: 'T',
      },
      ['It names its trace T; its session R is the invocation that ran on its log stream (100 % sure).'],
    ],
    [
      'a line of an invocation',
      {
        why: why({ strategy: 3, inherited: 'invocation:R', confidence: 0.8, evidence: ['printed after it'] }),
        group_key: 'session:R',
        source: { system: 's', account: null, region: null, log_group: null, log_stream: 'L', log_id: null },
      },
      ['the invocation R ran on its log stream L when it was printed (80 % sure): printed after it.'],
    ],
    [
      'a line of a run',
      {
        why: why({
          strategy: 3,
          inherited: 'run:abc',
          confidence: 0.62,
          evidence: ['burst 0.4 s', 'only open run'],
        }),
        group_key: 'run:L:agent:e-0',
      },
      [
        'it goes on with the run that the event e-0 opened on its log stream (62 % sure): burst 0.4 s; only open run.',
      ],
    ],
    [
      'a line of a session that its stream showed',
      { why: why({ strategy: 3, inherited: 'session:S', confidence: 0.7 }) },
      ['it goes on with the run of session S on its log stream (70 % sure).'],
    ],
    ['the first line of a run', { why: why({ strategy: 3 }), group_key: 'run:L:a:e-1' }, ['it opened one.']],
    [
      'a line without anything',
      { why: why({ strategy: 4 }), group_key: 'event:e-1' },
      ['it is a trace of its own.'],
    ],
  ])('answers for %s', (_, event, said) => {
    for (const part of said) expect(summaryOf(event)).toContain(part);
  });

  it('says that a group was moved, and by which event', () => {
    const bound_by = { event_id: 'e-0', timestamp: '2026-01-07T18:59:00.000Z' };
    const moved = explain(contextOf({ trace_id: 'T' }, { bound_by }));
    expect(moved.links).toMatchObject({ previous_trace_ids: ['g-1'], bound_by });
    expect(moved.summary).toContain(
      'Its group was the trace g-1; the event e-0 of 2026-01-07T18:59:00.000Z names both',
    );
    expect(summaryOf({ trace_id: 'T', group_key: 'run:L:a:e-0' })).toContain('a later line showed');
    expect(explain(contextOf({})).links.previous_trace_ids).toEqual([]);
  });

  it('says where a trace that was full goes on', () => {
    const first = explain(contextOf({}, { continued_by: 'c-2' }));
    expect(first.summary).toContain('The trace was full: it goes on in trace c-2.');
    const trace = aTraceRow({ trace_id: 'c-2', continues: 'g-1' });
    const second = explain(
      contextOf({ group_id: 'c-2', trace_id: 'c-2', group_key: 'cont:g-1:2' }, { trace }),
    );
    expect(second.links).toMatchObject({ previous_trace_ids: [], continues: 'g-1' });
    expect(second.summary).toContain('this is part 2, which goes on from trace g-1.');
  });

  it('is there for an event of before evidence was kept, and for whatever else rows hold', () => {
    const { evidence: _, ...old } = why({ strategy: 3, inherited: 'run:x' });
    expect(explain(contextOf({ why: old as Why })).evidence).toEqual([]);
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4),
        fc.option(fc.string()),
        fc.option(fc.string()),
        fc.string(),
        fc.array(fc.string()),
        (strategy, rule, inherited, group_key, flags) => {
          const event = {
            why: why({ strategy: strategy as Why['strategy'], rule, inherited }),
            group_key,
            flags,
          };
          expect(summaryOf(event)).toMatch(/^\S.* offset 7\.$/s);
        },
      ),
    );
  });
});
