import { describe, expect, test } from 'vitest';
import { uuidOf } from '../../../../lib/model/ids.js';
import { ParseRun, type ReadEvent, START_MS, sourceOf } from '../../testing/parse-run.js';

const INVOCATION_1 = '6f8c3c3a-0b8a-4a53-8a0b-0c7b8f9d1e21';
const INVOCATION_2 = 'a3bb189e-8bf9-4888-9912-ace4e6543002';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const only = (rows: ReadEvent[]): ReadEvent => {
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

describe('what a record of raw-logs is', () => {
  test('a JSON object with message and source is a line of that stream', () => {
    const row = only(
      new ParseRun()
        .text(
          JSON.stringify({
            message: 'Thought: wait',
            source: { system: 'ecs', log_stream: 'a' },
            timestamp: '2026-02-03T04:00:00Z',
          }),
        )
        .finish(),
    );
    expect(row.event_type).toBe('agent_thought');
    expect(row.source?.system).toBe('ecs');
    expect(row.timestamp_ms).toBe(Date.UTC(2026, 1, 3, 4));
    expect(row.agent_id).toBe('stream:ecs:///a');
  });

  test('a JSON object with timestamp and properties is an event, taken as it is', () => {
    const row = only(
      new ParseRun()
        .text(
          JSON.stringify({
            timestamp: '2026-02-03T04:00:00Z',
            event_type: 'my_type',
            session_id: 's-1',
            properties: { a: { b: [1] } },
          }),
        )
        .finish(),
    );
    expect(row).toMatchObject({ event_type: 'my_type', session_id: 's-1', props: { a: { b: [1] } } });
    expect(row.group_key).toBe('session:s-1');
    expect(row.why).toMatchObject({ strategy: 2, rule: null });
  });

  test('an event without a type is read from properties.message', () => {
    const row = only(
      new ParseRun()
        .text(
          JSON.stringify({
            timestamp: '2026-02-03T04:00:00Z',
            properties: { message: 'Action: find_berth', tool_name: 'mine' },
          }),
        )
        .finish(),
    );
    expect(row.event_type).toBe('agent_action');
    expect(row.props).toEqual({ message: 'Action: find_berth', tool_name: 'mine' });
    expect(row.why.rule).toBe('langchain_agent_action');
  });

  test('text without key or source has no stream and stands alone', () => {
    const row = only(new ParseRun().text('hello').finish());
    expect(row).toMatchObject({ event_type: 'log', agent_id: null, group_key: `event:${row.event_id}` });
    expect(row.why.strategy).toBe(4);
    expect(row.event_id).toBe(uuidOf('position:7/raw-logs/0/0'));
    expect(row.flags).toEqual(['no_timestamp']);
  });

  test('text with a key is a line of the stream of that key', () => {
    const rows = new ParseRun().text('one', { key: 'k' }).text('two', { key: 'k' }).finish();
    expect(rows.map(({ agent_id }) => agent_id)).toEqual(['stream:key/k', 'stream:key/k']);
    expect(new Set(rows.map(({ group_id }) => group_id)).size).toBe(1);
  });

  test.each([
    ['a broken Avro frame', Buffer.from([0, 0, 0]), 'AVRO_FRAME'],
    ['an unknown schema id', Buffer.from([0, 0, 0, 9, 9, 1, 2]), 'UNKNOWN_SCHEMA_ID'],
    ['a body that does not match', Buffer.from([0, 0, 0, 0, 1, 255, 255, 255, 255]), 'AVRO_BODY'],
    ['bytes that are not UTF-8', Buffer.from([0x68, 0xff, 0xfe]), 'INVALID_UTF8'],
    [
      'an event with a time that is none',
      Buffer.from('{"timestamp":"soon","properties":{}}'),
      'INVALID_EVENT',
    ],
    [
      'an event whose id is a number',
      Buffer.from('{"timestamp":"2026-02-03T04:00:00Z","event_id":7,"properties":{}}'),
      'INVALID_EVENT',
    ],
    [
      'a source with an endless name',
      Buffer.from(JSON.stringify({ message: 'x', source: { system: 's', log_stream: 'x'.repeat(513) } })),
      'INVALID_EVENT',
    ],
  ])('%s goes to dead-letter, bytes untouched', (_name, value, code) => {
    const run = new ParseRun().bytes(value);
    expect(run.finish()).toEqual([]);
    expect(run.deadLetters).toEqual([{ code, value }]);
  });

  test('a line of a database belongs to another processor', () => {
    const run = new ParseRun().raw({
      message: 'LOG:  checkpoint',
      source: sourceOf('db', { system: 'postgresql' }),
    });
    expect(run.finish()).toEqual([]);
    expect(run.deadLetters).toEqual([]);
  });

  test('a tombstone holds nothing', () => {
    const run = new ParseRun();
    run.bytes(null as unknown as Buffer);
    expect(run.finish()).toEqual([]);
  });
});

describe('identity', () => {
  test('a line of a source with an id is the same event wherever it lands', () => {
    const source = sourceOf('a', { log_id: 'e-1' });
    const first = only(new ParseRun().raw({ message: 'x', source }).finish());
    const later = new ParseRun().text('before').raw({ message: 'x', source }).finish().at(-1)!;
    expect(later.event_id).toBe(first.event_id);
  });

  test('a client event keeps its own id', () => {
    const body = { timestamp: '2026-02-03T04:00:00Z', event_id: 'mine-1', properties: {} };
    expect(only(new ParseRun().text(JSON.stringify(body)).finish()).event_id).toBe('mine-1');
  });

  test('the same event body sent twice over HTTP is one event; piped into the topic, it is two', () => {
    const body = '{"properties":{"a":1},"timestamp":"2026-02-03T04:00:00.000Z"}';
    const http = new ParseRun()
      .raw({ event: body }, { key: 'http/agent:a' })
      .raw({ event: body }, { key: 'http/agent:a' });
    http.finish();
    expect(http.sent.map(({ event_id }) => event_id)).toEqual([uuidOf(`body:${body}`)]);
    const piped = new ParseRun().text(body, { key: 'k' }).text(body, { key: 'k' });
    piped.finish();
    expect(piped.sent).toHaveLength(2);
  });

  test('a line that comes again joins nothing and opens nothing', () => {
    const at = (message: string, log_id: string) => ({ message, source: sourceOf('a', { log_id }) });
    const run = new ParseRun()
      .raw(at('Action: find', '1'))
      .raw(at('Action Input: x', '2'))
      .raw(at('Action Input: x', '2'))
      .raw(at('Action: find', '1'))
      .raw(at('Observation: y', '3'));
    expect(run.finish().map(({ props }) => props.message)).toEqual([
      'Action: find\nAction Input: x',
      'Observation: y',
    ]);
  });

  test('it is recognised for an hour of append time, then it is new', () => {
    const again = (gapMs: number) => {
      const run = new ParseRun().raw({ message: 'x', source: sourceOf('a', { log_id: '1' }) });
      run.raw({ message: 'x', source: sourceOf('a', { log_id: '1' }) }, { gapMs });
      run.finish();
      return run.sent.length;
    };
    expect([again(3_600_000), again(3_600_001)]).toEqual([1, 2]);
  });
});

describe('time', () => {
  test.each([
    [
      'the source has one',
      { timestamp_ms: 1_000_000_000_000, message: '2026-02-03T04:05:05Z x' },
      1_000_000_000_000,
      [],
    ],
    ['the line has one', { message: '2026-02-03T04:05:05.250Z x' }, Date.UTC(2026, 1, 3, 4, 5, 5, 250), []],
    ['nothing has one', { message: 'x' }, START_MS, ['no_timestamp']],
    ['it is five minutes ahead', { timestamp_ms: START_MS + 300_000, message: 'x' }, START_MS + 300_000, []],
    [
      'it is further ahead',
      { timestamp_ms: START_MS + 300_001, message: 'x' },
      START_MS + 300_001,
      ['clock_skew'],
    ],
  ])('%s', (_name, raw, timestamp_ms, flags) => {
    expect(only(new ParseRun().raw({ ...raw, source: sourceOf('a') }).finish())).toMatchObject({
      timestamp_ms,
      flags,
    });
  });
});

describe('joining', () => {
  const joined = (...lines: string[]) => new ParseRun().lines('a', ...lines).finish();

  test('an input joins its action, and its lines go on until something else begins', () => {
    const rows = joined(
      'Action: python',
      'Action Input: ',
      'def f():',
      '    return 1',
      'Observation: ok',
      'done',
    );
    expect(rows.map(({ event_type }) => event_type)).toEqual(['agent_action', 'tool_result']);
    expect(rows[0]!.props).toMatchObject({ tool_name: 'python', tool_input: 'def f():\n    return 1' });
    expect(rows[1]!.props.tool_output).toBe('ok\ndone');
  });

  test('an input without its action is an event of its own', () => {
    expect(only(joined('Action Input: 3')).props).toMatchObject({ tool_input: '3' });
  });

  test('a traceback joins the error that was logged with it', () => {
    const row = only(
      joined(
        'ERROR:desk:could not hold the berth',
        'Traceback (most recent call last):',
        '  File "desk.py", line 3, in hold',
        '    raise BerthTaken(4)',
        'harbour.BerthTaken: berth 4 is taken',
      ),
    );
    expect(row.event_type).toBe('error');
    expect(row.props).toMatchObject({
      level: 'ERROR',
      error_type: 'harbour.BerthTaken',
      error_message: 'berth 4 is taken',
    });
  });

  test('a traceback alone is an error, and what follows it is not part of it', () => {
    const rows = joined(
      'Traceback (most recent call last):',
      '  File "a.py", line 1, in f',
      'KeyError: 7',
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      '  File "a.py", line 9, in g',
      'ValueError: no berth',
      'next line',
    );
    expect(rows.map(({ event_type }) => event_type)).toEqual(['error', 'log']);
    expect(rows[0]!.props).toMatchObject({ error_type: 'ValueError', error_message: 'no berth' });
  });

  test('a traceback below what the agent did is a crash, below what a tool gave back it is what that said', () => {
    const crash = ['Traceback (most recent call last):', '  File "a.py", line 1, in f', 'KeyError: 7'];
    const types = (...lines: string[]) => joined(...lines).map(({ event_type }) => event_type);
    expect(types('Action: ledger', 'Action Input: page 7', ...crash)).toEqual(['agent_action', 'error']);
    expect(types('Thought: what now', ...crash)).toEqual(['agent_thought', 'error']);
    expect(types('Observation: it said', ...crash)).toEqual(['tool_result']);
  });

  test('JSON printed over several lines is read whole', () => {
    const row = only(
      joined(
        '{',
        '  "event_type": "tool_call",',
        '  "tool_name": "tides",',
        '  "nested": {"a": [1,',
        '  2]}',
        '}',
      ),
    );
    expect(row).toMatchObject({ event_type: 'tool_call' });
    expect(row.props.tool_name).toBe('tides');
  });

  test('a record printed by two handlers is one event, in either order', () => {
    const prefixed = only(joined('INFO:desk:berth held', 'berth held'));
    const bare = only(joined('berth held', 'INFO:desk:berth held'));
    expect(prefixed.props).toMatchObject({ level: 'INFO', logger: 'desk' });
    expect(bare.props).toMatchObject({ level: 'INFO', logger: 'desk', message: 'berth held' });
  });

  test('two pairs of handlers are two events', () => {
    expect(joined('INFO:desk:ping', 'ping', 'INFO:desk:ping', 'ping')).toHaveLength(2);
  });

  test.each([
    [2_000, 1],
    [2_001, 2],
  ])('after a gap of %i ms there are %i events', (gapMs, events) => {
    const run = new ParseRun().raw({ message: 'Observation: a', source: sourceOf('a') });
    run.raw({ message: 'and more', source: sourceOf('a') }, { gapMs });
    expect(run.finish()).toHaveLength(events);
  });

  test('lines of two streams do not mix', () => {
    const run = new ParseRun();
    for (const [stream, message] of [
      ['a', 'Observation: 1'],
      ['b', 'Observation: 2'],
      ['a', 'one'],
      ['b', 'two'],
    ] as const)
      run.raw({ message, source: sourceOf(stream) });
    expect(run.finish().map(({ props }) => props.tool_output)).toEqual(['1\none', '2\ntwo']);
  });

  test('the timer sends what is unfinished, and a later line amends it in place', () => {
    const run = new ParseRun().raw({ message: 'Action: find', source: sourceOf('a') });
    run.tick(run.nowMs + 1_000).commit();
    expect(run.sent).toHaveLength(1);
    run.raw({ message: 'Action Input: x', source: sourceOf('a') }, { gapMs: 1_500 });
    const row = only(run.finish());
    expect(run.sent.map(({ amends }) => amends)).toEqual([false, true]);
    expect(new Set(run.sent.map(({ group_id }) => group_id)).size).toBe(1);
    expect(row.props).toMatchObject({ tool_name: 'find', tool_input: 'x' });
    expect(row.updated_ms - row.created_ms).toBe(1_500);
  });

  test('a record that is certainly complete is sent at once', () => {
    const run = new ParseRun()
      .lines('a', '> Finished chain.')
      .lines('b', '{"event_type":"tool_call","tool_name":"t"}')
      .commit();
    expect(run.sent.map(({ event_type }) => event_type)).toEqual(['chain_end', 'tool_call']);
  });

  test('a record that holds a whole turn is its steps, with ids of their own', () => {
    const message = 'Thought: find one\nAction: find_berth\nAction Input: {"length": 12}';
    const rows = new ParseRun().raw({ message, source: sourceOf('a', { log_id: '9' }) }).finish();
    expect(rows.map(({ event_type, raw }) => [event_type, raw.index])).toEqual([
      ['agent_thought', 0],
      ['agent_action', 1],
    ]);
    expect(rows[1]!.props).toMatchObject({ tool_name: 'find_berth', tool_input: '{"length": 12}' });
    expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(2);
  });

  test('a prompt that quotes the form stays whole', () => {
    const message =
      'Prompt after formatting:\nUse this form:\nThought: think\nAction: act\nFinal Answer: answer';
    expect(only(joined(message)).event_type).toBe('llm_start');
  });

  test('data printed as JSON inside a block is part of it, a record of its own is not', () => {
    const rows = joined(
      'Observation: two rows',
      '{"berth": 4}',
      '{"berth": 5}',
      '{"level": "INFO", "message": "next"}',
    );
    expect(rows.map(({ event_type }) => event_type)).toEqual(['tool_result', 'log']);
    expect(rows[0]!.props.tool_output).toBe('two rows\n{"berth": 4}\n{"berth": 5}');
  });

  test.each([
    ['#033[1m> Finished chain.#033[0m'],
    ['[1m> Finished chain.[0m'],
    ['\\u001b[1m> Finished chain.\\u001b[0m'],
    ['\u001b[1m> Finished chain.\u001b[0m'],
  ])('colours do not hide %j', (line) => {
    expect(only(joined(line)).event_type).toBe('chain_end');
  });

  test('a record at its size limit ends there, says so, and loses nothing', () => {
    const run = ParseRun.withConfig('parser: { max_record_bytes: 1000 }');
    run.lines('a', 'Observation: begin', ...Array.from({ length: 30 }, (_, i) => `${i} `.padEnd(60, 'x')));
    const rows = run.finish();
    expect(rows[0]!.flags).toContain('truncated');
    const text = rows.map(({ props }) => props.message).join('\n');
    for (let i = 0; i < 30; i++) expect(text).toContain(`${i} `.padEnd(60, 'x'));
  });

  test('state entries stay below 64 KiB for the largest records', () => {
    const run = new ParseRun().lines('a', 'Observation: begin');
    for (let i = 0; i < 40; i++) run.lines('a', '\u0001'.repeat(6_000));
    run.crash().lines('a', 'end');
    const rows = run.finish();
    expect(rows).toHaveLength(1);
    expect(String(rows[0]!.props.message).length).toBeGreaterThan(240_000);
    expect(Math.max(...run.entrySizes)).toBeLessThan(65_536);
  });
});

test('state entries stay below 64 KiB with the longest and worst of ids', () => {
  const worst = (letter: string) => `${letter}${'\u0001'.repeat(500)}`;
  const run = new ParseRun();
  for (let i = 0; i < 80; i++) {
    const source = {
      system: 's',
      account: worst('a'),
      region: worst('b'),
      log_group: worst('c'),
      log_stream: worst('d'),
    };
    const body = {
      timestamp: '2026-02-03T04:00:00Z',
      agent_id: worst(`g${i}`),
      session_id: worst(`s${i}`),
      properties: {},
      source,
    };
    run.text(JSON.stringify(body));
    run.text(JSON.stringify({ message: `Observation: ${'\u0001'.repeat(2_400)}`, source }));
  }
  for (let i = 0; i < 2_000; i++)
    run.text(JSON.stringify({ message: '\u0001', source: { system: 's', log_stream: worst('e') } }));
  run.finish();
  expect(Math.max(...run.entrySizes)).toBeLessThan(65_536);
});

describe('groups', () => {
  test('an explicit trace id comes first, and with a session it binds the two', () => {
    const run = new ParseRun().lines('a', `{"message":"x","trace_id":"${TRACE}","session_id":"s-1"}`);
    expect(only(run.finish())).toMatchObject({
      group_key: `trace:${TRACE}`,
      home_key: `trace:${TRACE}`,
      session_id: 's-1',
    });
    expect(run.binds).toMatchObject([{ home_key: 'session:s-1', session_id: 's-1', trace_id: TRACE }]);
  });

  test('an all-zero trace id is none', () => {
    const run = new ParseRun().lines(
      'a',
      `{"message":"x","trace_id":"${'0'.repeat(32)}","session_id":"s-1"}`,
    );
    expect(only(run.finish())).toMatchObject({ trace_id: null, group_key: 'session:s-1' });
    expect(run.binds).toEqual([]);
  });

  test('an agent without an id inherits what it last showed, for five minutes of event time', () => {
    const line = (atMs: number, more: object) => ({
      message: JSON.stringify({ message: 'x', agent_id: 'clerk', ...more }),
      timestamp_ms: START_MS + atMs,
      source: sourceOf('a'),
    });
    const rows = new ParseRun()
      .raw(line(0, { session_id: 's-1' }))
      .raw(line(300_000, {}))
      .raw(line(600_001, {}))
      .finish();
    expect(rows.map(({ group_key }) => group_key)).toEqual([
      'session:s-1',
      'session:s-1',
      `run:${rows[2]!.source?.system}:111122223333/eu-north-1//aws/lambda/desk/a:clerk:${rows[2]!.event_id}`,
    ]);
    expect(rows[1]!.why).toMatchObject({ strategy: 3, inherited: 'session:s-1' });
    expect(rows[2]!.why.inherited).toBeNull();
  });

  test('lines of a Lambda invocation belong to it, and a late one finds its own', () => {
    const at = (seconds: number, message: string) => ({
      message,
      timestamp_ms: START_MS + seconds * 1_000,
      source: sourceOf('a'),
    });
    const rows = new ParseRun()
      .raw(at(0, `START RequestId: ${INVOCATION_1} Version: 3`))
      .raw(at(1, 'Thought: first'))
      .raw(at(2, `END RequestId: ${INVOCATION_1}`))
      .raw(
        at(
          2,
          `REPORT RequestId: ${INVOCATION_1}\tDuration: 2000.00 ms\tBilled Duration: 2000 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB`,
        ),
      )
      .raw(at(3, `START RequestId: ${INVOCATION_2} Version: 3`))
      .raw(at(4, 'Thought: second'))
      .raw(at(1.5, 'Observation: late'))
      .finish();
    const sessions = Object.fromEntries(
      rows.map(({ props, session_id }) => [String(props.message).slice(0, 18), session_id]),
    );
    expect(sessions['Thought: first']).toBe(INVOCATION_1);
    expect(sessions['Thought: second']).toBe(INVOCATION_2);
    expect(sessions['Observation: late']).toBe(INVOCATION_1);
    const report = rows.find(({ props }) => props.platform_event === 'REPORT')!;
    expect(report.props).toMatchObject({
      duration_ms: 2000,
      billed_ms: 2000,
      memory_mb: 128,
      max_memory_mb: 70,
    });
    expect(report.session_id).toBe(INVOCATION_1);
  });

  test('a trace id shown inside an invocation binds the invocation to it', () => {
    const run = new ParseRun().lines(
      'a',
      `START RequestId: ${INVOCATION_1}`,
      `{"message":"x","trace_id":"${TRACE}"}`,
    );
    run.finish();
    expect(run.binds).toMatchObject([{ session_id: INVOCATION_1, trace_id: TRACE }]);
  });

  test('a run ends where it visibly ends and another starts', () => {
    const twice = [
      '> Entering new AgentExecutor chain...',
      'Thought: go',
      'Final Answer: done',
      '> Finished chain.',
    ];
    const rows = new ParseRun().lines('a', ...twice, 'bye', ...twice).finish();
    const groups = rows.map(({ group_id }) => group_id);
    expect(new Set(groups).size).toBe(2);
    expect(groups.indexOf(groups[5]!)).toBe(5);
  });

  test('a chain inside a chain does not end the run', () => {
    const rows = new ParseRun()
      .lines(
        'a',
        '> Entering new AgentExecutor chain...',
        '> Entering new LLMChain chain...',
        '> Finished chain.',
        'Thought: go',
        '> Finished chain.',
      )
      .finish();
    expect(new Set(rows.map(({ group_id }) => group_id)).size).toBe(1);
  });

  test('split_on_run_boundaries: false keeps them together', () => {
    const twice = ['> Entering new AgentExecutor chain...', '> Finished chain.'];
    const run = ParseRun.withConfig('trace_detection: { split_on_run_boundaries: false }');
    expect(
      new Set(
        run
          .lines('a', ...twice, ...twice)
          .finish()
          .map(({ group_id }) => group_id),
      ).size,
    ).toBe(1);
  });

  test('a log group has its agent and its rules from config.yaml', () => {
    const run = ParseRun.withConfig(`
log_groups:
  - prefix: /aws/lambda/
    agent_id: desk-agent
    parser_rules:
      - { name: crane, pattern: 'crane (?P<n>\\d+) (?P<what>\\w+)', event_type: crane_moved, field_mappings: { n: crane, what: movement } }
`);
    const row = only(run.lines('a', 'now crane 2 lifts').finish());
    expect(row).toMatchObject({
      event_type: 'crane_moved',
      agent_id: 'desk-agent',
      props: { crane: '2', movement: 'lifts' },
    });
  });
});

describe('hostile input', () => {
  test('a key __proto__ is data and pollutes nothing', () => {
    const row = only(
      new ParseRun()
        .text('{"__proto__":{"polluted":1},"constructor":"x","message":"hi","level":"INFO"}', { key: 'k' })
        .finish(),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(row.props.constructor).toBe('x');
    const event = only(
      new ParseRun()
        .text('{"timestamp":"2026-02-03T04:00:00Z","properties":{"__proto__":{"polluted":1}}}')
        .finish(),
    );
    expect(event.properties).toBe('{"__proto__":{"polluted":1}}');
  });

  test.each([
    ['a line of a megabyte', 'x'.repeat(1_000_000)],
    ['a megabyte of control characters', '\u0001'.repeat(1_000_000)],
    ['100,000 levels of JSON', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [
      'an event with 5,000 levels',
      `{"timestamp":"2026-02-03T04:00:00Z","properties":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
    ],
    ['NUL bytes', 'a\u0000b\u0000c'],
    ['lone surrogates', '{"message":"\\ud800","trace_id":"\\udfff"}'],
    ['huge numbers', '{"message":"x","prompt_tokens":1e400,"duration_ms":123456789012345678901234567890}'],
    [
      'a name that is an object',
      '{"message":{"a":1},"level":{"b":2},"trace_id":{"c":3},"timestamp":{"d":4}}',
    ],
    ['only white space', ' \t '],
    ['nothing', ''],
    ['only escape sequences', '\u001b[0m\u001b[31m'],
  ])('%s is one event or a dead letter', (_name, text) => {
    const run = new ParseRun().text(text, { key: 'k' });
    const rows = run.finish();
    expect(rows.length + run.deadLetters.length).toBe(1);
    for (const { properties } of rows) expect(properties.length).toBeLessThan(4_000_000);
  });

  test('a stream name of any length makes keys of a fixed size', () => {
    const run = new ParseRun().text('x', { key: 'k'.repeat(100_000) });
    run.finish();
    expect(Math.max(...run.stateKeys.map((key) => key.length))).toBeLessThan(600);
  });
});

test('a record that waits is sent before its stream is forgotten, though no timer came by', () => {
  const events = new ParseRun()
    .text('ERROR: no rope', { key: 'quay' })
    .text('INFO: a new day', { key: 'quay', gapMs: 25 * 3_600_000 })
    .finish();
  expect(events.map(({ event_type }) => event_type)).toEqual(['error', 'log']);
});

test('a stream that is quiet for longer than the retention is forgotten, in memory and in the changelog', () => {
  const run = new ParseRun().raw({ message: 'Thought: x', source: sourceOf('old', { log_id: '1' }) });
  run
    .raw({ message: 'y', source: sourceOf('new') }, { gapMs: 26 * 3_600_000 })
    .tick(run.nowMs + 2 * 3_600_000);
  run.crash();
  expect(run.stateKeys.filter((key) => key.includes('/old'))).toEqual([]);
  expect(run.stateKeys.some((key) => key.includes('/new'))).toBe(true);
});
