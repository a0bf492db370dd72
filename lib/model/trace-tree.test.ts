import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTree, type TreeEvent, type TreeNode, toolCalls, traceTree } from './trace-tree.js';
import { linkSteps } from './tree/links.js';
import { stepOf } from './tree/step.js';

type Said = [type: string, properties?: object, rest?: Partial<TreeEvent>];

let n = 0;
/** An event as the next line of one stream: `type`, `platform:EVENT` or `type name`. */
const event = ([said, properties, rest]: Said): TreeEvent => {
  const [kind, named] = said.split(' ') as [string, string?];
  const [event_type, platform_event] = kind.split(':') as [string, string?];
  const subject =
    { llm: 'model', chain: 'chain_type', platform: 'request_id' }[event_type.split('_')[0]!] ?? 'tool_name';
  n += 1;
  return {
    event_id: `e${n}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    event_type,
    raw: { topic: 'raw-logs', partition: 0, offset: n, index: 0 },
    properties: {
      ...(platform_event && { platform_event }),
      ...(named && { [subject]: named }),
      ...properties,
    },
    ...rest,
  };
};
const say = (...said: (string | Said)[]) => said.map((one) => event(typeof one === 'string' ? [one] : one));

/** `type name`, or with what is below it. */
const shape = (nodes: TreeNode<TreeEvent>[]): unknown[] =>
  nodes.map(({ event: { event_type, properties: p }, children }) => {
    const name = p.tool_name ?? p.chain_type ?? p.model ?? p.platform_event ?? p.label;
    const label = name === undefined ? event_type : `${event_type} ${name}`;
    return children.length ? [label, shape(children)] : label;
  });
const treeOf = (...said: (string | Said)[]) => shape(buildTree(say(...said)));

describe('the tree of a trace, by name and order', () => {
  it.each<[string, (string | Said)[], unknown[]]>([
    [
      'puts what a chain does, and its end, below its start',
      ['chain_start', 'agent_thought', 'chain_end', 'log'],
      [['chain_start', ['agent_thought', 'chain_end']], 'log'],
    ],
    [
      'puts a result below the call that it answers',
      ['agent_action', 'tool_result', 'agent_thought'],
      [['agent_action', ['tool_result']], 'agent_thought'],
    ],
    [
      'puts a call below the action that announced it',
      ['agent_action web', 'tool_call web', 'tool_result web'],
      [['agent_action web', [['tool_call web', ['tool_result web']]]]],
    ],
    [
      'leaves calls without an answer beside each other',
      ['tool_call', 'tool_call', 'tool_result', 'tool_call'],
      ['tool_call', ['tool_call', ['tool_result']], 'tool_call'],
    ],
    [
      'pairs two tools at once by name',
      ['tool_call a', 'tool_call b', 'tool_result b', 'tool_result a'],
      [
        ['tool_call a', ['tool_result a']],
        ['tool_call b', ['tool_result b']],
      ],
    ],
    [
      'pairs actions, calls and results of two tools at once',
      ['agent_action a', 'agent_action b', 'tool_call a', 'tool_call b', 'tool_result a', 'tool_result b'],
      [
        ['agent_action a', [['tool_call a', ['tool_result a']]]],
        ['agent_action b', [['tool_call b', ['tool_result b']]]],
      ],
    ],
    [
      'pairs two calls of one tool in their order',
      [
        ['tool_call a', { label: 1 }],
        ['tool_call a', { label: 2 }],
        ['tool_result a', { label: 1 }],
        ['tool_result a', { label: 2 }],
      ],
      [
        ['tool_call a', ['tool_result a']],
        ['tool_call a', ['tool_result a']],
      ],
    ],
    [
      'leaves what happens inside a tool below its call',
      ['tool_call a', 'api_call', 'log', 'tool_result a', 'log'],
      [['tool_call a', ['api_call', 'log', 'tool_result a']], 'log'],
    ],
    [
      'nests an agent that is a tool of another',
      ['tool_call ask', 'chain_start', 'tool_call web', 'tool_result web', 'chain_end', 'tool_result ask'],
      [
        [
          'tool_call ask',
          [['chain_start', [['tool_call web', ['tool_result web']], 'chain_end']], 'tool_result ask'],
        ],
      ],
    ],
    [
      'gives a failed call its error',
      ['chain_start', 'tool_call a', 'tool_error a', 'chain_end'],
      [['chain_start', [['tool_call a', ['tool_error a']], 'chain_end']]],
    ],
    [
      'gives a call that nothing answers the error right after it',
      ['chain_start', 'agent_action a', 'log', 'error', 'agent_action b', 'agent_thought', 'error'],
      [['chain_start', [['agent_action a', ['log', 'error']], 'agent_action b', 'agent_thought', 'error']]],
    ],
    [
      'pairs model calls, whose answers may name the release',
      [
        ['llm_start', { model: 'gpt-4o' }],
        ['llm_end', { model: 'gpt-4o-2024-08-06' }],
      ],
      [['llm_start gpt-4o', ['llm_end gpt-4o-2024-08-06']]],
    ],
    [
      'ends a chain that nothing ends with the one around it',
      ['chain_start outer', 'chain_start inner', 'log', 'chain_end outer', 'log'],
      [['chain_start outer', [['chain_start inner', ['log']], 'chain_end outer']], 'log'],
    ],
    [
      'ends a run that nothing ends where the next one of its name begins',
      ['chain_start a', 'log', 'chain_start a', 'log', 'chain_end a'],
      [
        ['chain_start a', ['log']],
        ['chain_start a', ['log', 'chain_end a']],
      ],
    ],
    [
      'puts chains that overlap beside each other',
      ['chain_start a', 'chain_start b', 'chain_end a', 'chain_end b'],
      [
        ['chain_start a', ['chain_end a']],
        ['chain_start b', ['chain_end b']],
      ],
    ],
    [
      'leaves ends without a start where they are',
      ['chain_end', 'tool_result', 'llm_end'],
      ['chain_end', 'tool_result', 'llm_end'],
    ],
    [
      'keeps a Lambda invocation together, REPORT and time-out too',
      [
        'platform:INIT_START',
        'platform:START r',
        'chain_start',
        'chain_end',
        'platform:END r',
        'platform:REPORT r',
        'platform:TIMEOUT r',
      ],
      [
        'platform INIT_START',
        [
          'platform START',
          [['chain_start', ['chain_end']], 'platform END', 'platform REPORT', 'platform TIMEOUT'],
        ],
      ],
    ],
    [
      'ends an invocation that was killed where the next begins',
      ['platform:START r1', 'log', 'platform:START r2', 'log', 'platform:END r2'],
      [
        ['platform START', ['log']],
        ['platform START', ['log', 'platform END']],
      ],
    ],
  ])('%s', (_, said, expected) => {
    expect(treeOf(...said)).toEqual(expected);
  });

  it('takes the session for the invocation of a line of the platform that names none', () => {
    const session = { session_id: 'r' };
    expect(
      treeOf(['platform:START', {}, session], 'platform:END', ['platform:TIMEOUT', {}, session]),
    ).toEqual([['platform START', ['platform END', 'platform TIMEOUT']]]);
  });

  it('keeps agents on one stream apart, and gives lines without an agent to the last that spoke', () => {
    const [a, b] = [{ agent_id: 'a' }, { agent_id: 'b' }];
    expect(
      treeOf(
        ['agent_start', { label: 'a' }, a],
        ['agent_start', { label: 'b' }, b],
        ['tool_call web', {}, a],
        ['tool_call web', {}, b],
        ['tool_result web', { tool_output: 'b' }, b],
        'log',
        ['tool_result web', {}, a],
        ['agent_finish', {}, a],
        ['agent_finish', {}, b],
      ),
    ).toEqual([
      ['agent_start a', [['tool_call web', ['tool_result web']], 'agent_finish']],
      ['agent_start b', [['tool_call web', ['tool_result web']], 'log', 'agent_finish']],
    ]);
  });

  it('pairs a call with a result that names no agent, but not with that of another', () => {
    const call: Said = ['tool_call web', {}, { agent_id: 'a' }];
    expect(treeOf(call, 'tool_result web')).toEqual([['tool_call web', ['tool_result web']]]);
    expect(treeOf(call, ['tool_result web', {}, { agent_id: 'b' }])).toEqual([
      'tool_call web',
      'tool_result web',
    ]);
  });

  it('nests nothing across streams', () => {
    const on = (log_stream: string) => ({ source: { system: 'file', log_stream } });
    expect(
      treeOf(['chain_start', {}, on('1')], ['tool_call a', {}, on('2')], ['tool_result a', {}, on('1')]),
    ).toEqual([['chain_start', ['tool_result a']], 'tool_call a']);
  });
});

describe('the tree of a trace, by ids', () => {
  it('pairs calls by their ids, in whatever order they end', () => {
    const id = (call_id: string) => ({ tool_call_id: call_id, label: call_id });
    expect(
      treeOf(
        ['tool_call', id('1')],
        ['tool_call', id('2')],
        ['tool_result', id('2')],
        ['tool_result', id('9')],
        ['tool_result', id('1')],
      ),
    ).toEqual([['tool_call 1', ['tool_result 1']], ['tool_call 2', ['tool_result 2']], 'tool_result 9']);
  });

  it('follows LangChain runs', () => {
    const run = (run_id: string, parent_run_id?: string) => ({
      run_id,
      parent_run_id: parent_run_id ?? null,
    });
    expect(
      treeOf(
        ['chain_start', run('r1')],
        ['llm_start', run('r2', 'r1')],
        ['tool_call a', run('r3', 'r1')],
        ['llm_end', run('r2', 'r1')],
        ['tool_result a', run('r3', 'r1')],
        ['chain_end', run('r1')],
      ),
    ).toEqual([
      ['chain_start', [['llm_start', ['llm_end']], ['tool_call a', ['tool_result a']], 'chain_end']],
    ]);
  });

  it('follows spans, which stand in the log in the order in which they ended', () => {
    const span = (spanId: string, parentSpanId?: string) => ({
      spanId,
      parentSpanId,
      duration_ms: 5,
      label: spanId,
    });
    expect(
      treeOf(
        ['tool_result', span('c', 'b')],
        ['llm_end', span('b', 'a')],
        ['agent_finish', span('a')],
        ['log', { otelSpanID: 'b' }],
      ),
    ).toEqual([['agent_finish a', [['llm_end b', ['tool_result c', 'log']]]]]);
  });

  it('follows observations', () => {
    expect(
      treeOf(
        ['chain_start', { span_id: 'o1', label: 'o1' }],
        ['llm_end', { parentObservationId: 'o1', label: 2 }],
      ),
    ).toEqual([['chain_start o1', ['llm_end 2']]]);
  });

  it('takes a span id that lines merely share for none of their own', () => {
    const within = { otelSpanID: 's' };
    expect(
      treeOf(
        ['agent_thought', within],
        ['tool_call a', within],
        ['agent_thought', within],
        ['tool_result a', within],
      ),
    ).toEqual(['agent_thought', ['tool_call a', ['agent_thought', 'tool_result a']]]);
  });

  it('does not follow parents in a circle', () => {
    const span = (span_id: string, parent_span_id: string) => ({ span_id, parent_span_id, label: span_id });
    expect(
      treeOf(
        ['log', span('a', 'c')],
        ['log', span('b', 'a')],
        ['log', span('c', 'b')],
        ['log', span('d', 'd')],
      ),
    ).toEqual([['log a', [['log b', ['log c']]]], 'log d']);
  });

  it('leaves a span whose parent is not there to time', () => {
    expect(treeOf('chain_start', ['llm_end', { span_id: 'x', parent_span_id: 'gone' }], 'chain_end')).toEqual(
      [['chain_start', ['llm_end', 'chain_end']]],
    );
  });
});

const TYPES = [
  'chain_start',
  'chain_end',
  'agent_start',
  'agent_finish',
  'agent_action',
  'tool_call',
  'tool_result',
  'tool_error',
  'llm_start',
  'llm_end',
  'platform:START',
  'platform:END',
  'platform:REPORT',
  'agent_thought',
  'error',
  'log',
];
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const id = fc.constantFrom('1', '2', '3', '4');
const anyEvents = fc
  .array(
    fc.record({
      type: fc.constantFrom(...TYPES),
      name: optional(fc.constantFrom('a', 'b')),
      ms: fc.nat(3),
      agent_id: fc.constantFrom(null, 'x', 'y', 'stream:s'),
      stream: fc.constantFrom(null, '1', '2'),
      placed: fc.boolean(),
      ids: fc.record(
        { call_id: optional(id), span_id: optional(id), parent_span_id: optional(id) },
        { requiredKeys: [] },
      ),
    }),
    { maxLength: 40 },
  )
  .map((some) =>
    some.map(({ type, name, ms, agent_id, stream, placed, ids }, index) => ({
      ...event([name ? `${type} ${name}` : type, ids]),
      event_id: `e${index}`,
      timestamp: new Date(ms).toISOString(),
      agent_id,
      source: stream === null ? null : { system: 'file', log_stream: stream },
      ...(placed ? {} : { raw: null }),
    })),
  );

describe('any tree', () => {
  const idsBelow = (nodes: TreeNode<TreeEvent>[]): string[] =>
    nodes.flatMap((node) => [node.event.event_id, ...idsBelow(node.children)]);

  it('has every event exactly once', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(idsBelow(buildTree(events)).sort()).toEqual(events.map((one) => one.event_id).sort());
      }),
    );
  });

  it('does not depend on the order in which events come', () => {
    const orders = anyEvents.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    );
    const links = (events: TreeEvent[]) =>
      traceTree(events).nodes.map((node) => [
        node.event.event_id,
        node.parent?.event.event_id,
        node.relation,
        node.endedBy?.event.event_id,
      ]);
    fc.assert(
      fc.property(orders, ([events, shuffled]) => {
        expect(links(shuffled)).toEqual(links(events));
      }),
    );
  });

  it('pairs each end with one beginning of its kind, and no beginning twice', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const ended = traceTree(events).nodes.filter((node) => node.endedBy !== null);
        const ends = ended.map((node) => node.endedBy!.event.event_id);
        expect(new Set(ends).size).toBe(ends.length);
        for (const { event: begun, endedBy } of ended) {
          const end = endedBy!.event.event_type;
          expect(`${begun.event_type} ${end}`).toMatch(
            /^(?:chain_start chain_end|agent_start agent_finish|(?:agent_action|tool_call) (?:tool_result|tool_error|error)|llm_start (?:llm_end|error)|platform platform)$/,
          );
        }
      }),
    );
  });

  it.each<[string, (i: number) => Said]>([
    ['of chains that never end', () => ['chain_start']],
    ['of calls that are never answered', () => ['tool_call a']],
    ['of calls answered at last', (i) => [i < 50_000 ? 'tool_call a' : 'tool_result a']],
    ['of nested chains', (i) => [`${i < 50_000 ? 'chain_start' : 'chain_end'} c`]],
    ['of calls and results in turn', (i) => [i % 2 ? 'tool_result a' : 'tool_call a']],
    ['of results that nothing called', () => ['tool_result a']],
    ['of actions and calls', (i) => [i % 2 ? 'tool_call a' : 'agent_action a']],
    ['of spans, one below the other', (i) => ['log', { span_id: `${i}`, parent_span_id: `${i - 1}` }]],
  ])(
    '%s: long ones are linked too',
    (_, said) => {
      const steps = Array.from({ length: 100_000 }, (_, i) => stepOf(event(said(i))));
      // some 0.3 s; one look at every pair of steps would be five billion, and outlast any limit
      expect(linkSteps(steps).parent).toHaveLength(steps.length);
    },
    60_000,
  );
});

describe('calls by tool', () => {
  const at = (ms: number, said: string, properties: object = {}): Said => [
    said,
    properties,
    { timestamp: new Date(ms).toISOString() },
  ];
  const callsOf = (...said: Said[]) => toolCalls(traceTree(say(...said)));

  it('take their time from their result, else from the time between, whether it names the tool or not', () => {
    expect(
      callsOf(
        at(0, 'agent_action web'),
        at(40, 'tool_result'),
        at(50, 'tool_call web'),
        at(99, 'tool_result web', { duration_ms: 10 }),
        at(100, 'tool_call sql'),
        at(130, 'tool_error'),
        at(140, 'tool_call sql'),
        at(190, 'error'),
      ),
    ).toEqual({
      sql: { calls: 2, errors: 2, timed: 2, total_ms: 80, max_ms: 50 },
      web: { calls: 2, errors: 0, timed: 2, total_ms: 50, max_ms: 40 },
    });
  });

  it('count an action and its call once, and results that stand alone', () => {
    expect(
      callsOf(
        at(0, 'agent_action a'),
        at(1, 'tool_call a'),
        at(3, 'tool_result a'),
        at(4, 'tool_result b', { duration_ms: 7 }),
      ),
    ).toEqual({
      a: { calls: 1, errors: 0, timed: 1, total_ms: 2, max_ms: 2 },
      b: { calls: 1, errors: 0, timed: 1, total_ms: 7, max_ms: 7 },
    });
  });
});
