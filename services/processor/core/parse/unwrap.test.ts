import { describe, expect, test } from 'vitest';
import { laneOf, sessionOf } from './context.js';
import { unwrap } from './unwrap.js';

/** What a line tells beside its text, absent things left out. */
function told(line: string): Record<string, unknown> {
  const { text, level, logger, lane, context, requestId, timeMs } = unwrap(line);
  const all = {
    text,
    level,
    logger,
    lane,
    request: requestId,
    trace: context?.traceId ?? null,
    session: context === null ? null : sessionOf(context),
    agent: context?.agentId ?? null,
    call: context?.callId ?? null,
    ...context?.others,
    time: timeMs === null ? null : new Date(timeMs).toISOString(),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

const TEXT = 'Thought: which berth is free';

describe('context before a message is taken off and kept', () => {
  test.each([
    [`[session_id=s-1] ${TEXT}`, { session: 's-1' }],
    [`[session: s-1] ${TEXT}`, { session: 's-1' }],
    [`[sid=77 req=ab12] ${TEXT}`, { session: '77' }],
    [`[req=ab12 sid=77] ${TEXT}`, { session: '77' }],
    [`[req=ab12] [sid=77] ${TEXT}`, { session: '77' }],
    [`(session 1234) ${TEXT}`, { session: '1234' }],
    [`(request_id=r-9) ${TEXT}`, { session: 'r-9' }],
    [`<trace_id=4bf92f3577b34da6a3ce929d0e0e4736> ${TEXT}`, { trace: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    [`{conversationId=c-1, userId=7} ${TEXT}`, { session: 'c-1', userId: '7' }],
    [`[agent=clerk-2] ${TEXT}`, { agent: 'clerk-2' }],
    [`[agent_name="clerk two", session="s 1"] ${TEXT}`, { agent: 'clerk two' }],
    [`[traceId=ab12cd, spanId=01] - ${TEXT}`, { trace: 'ab12cd', spanId: '01' }],
    [
      `[trace_id=0 span_id=0 session_id=s-1 resource.service.name=desk trace_sampled=False] - ${TEXT}`,
      { session: 's-1', 'resource.service.name': 'desk', trace_sampled: 'False' },
    ],
    [`session_id=s-1 agent=clerk-2 ${TEXT}`, { session: 's-1', agent: 'clerk-2' }],
    [`correlation_id=c-1: ${TEXT}`, { session: 'c-1' }],
    [`[thread=Thread-3] ${TEXT}`, { lane: 'Thread-3' }],
  ])('%s', (line, expected) => expect(told(line)).toEqual({ text: TEXT, ...expected }));
});

describe('what a process manager puts before each line is taken off', () => {
  test.each([
    [`0|desk-agent  | ${TEXT}`, {}],
    [`12|desk | 2026-01-02T03:04:05.000Z INFO ${TEXT}`, { level: 'INFO', time: '2026-01-02T03:04:05.000Z' }],
  ])('%s', (line, expected) => expect(told(line)).toEqual({ text: TEXT, ...expected }));

  test('a row of figures has no such prefix', () => expect(unwrap('2|3 | 4').text).toBe('2|3 | 4'));
});

describe('context behind a message is taken off and kept', () => {
  test.each([
    [`${TEXT} session_id=s-99876`, { session: 's-99876' }],
    [`${TEXT} session=sess_20f2`, { session: 'sess_20f2' }],
    [`${TEXT} [session: s-1]`, { session: 's-1' }],
    [`${TEXT} (session_id=s-1, agent=clerk-2)`, { session: 's-1', agent: 'clerk-2' }],
    [`${TEXT} trace_id=ab12cd session=s-1`, { trace: 'ab12cd', session: 's-1' }],
    [`${TEXT} | requestId=r-1 agent="clerk-2"`, { session: 'r-1', agent: 'clerk-2' }],
    [`${TEXT} (call_id=call_51f0)`, { call: 'call_51f0' }],
    [`${TEXT} [session_id=s-1] [agent=clerk-2]`, { session: 's-1', agent: 'clerk-2' }],
  ])('%s', (line, expected) => expect(told(line)).toEqual({ text: TEXT, ...expected }));
});

describe('what looks like context and is none stays in the message', () => {
  test.each([
    '[chain/start] [1:chain:Desk] Entering Chain run with input:',
    '[1:chain:Desk > 2:llm:Tides] done',
    '[Berth Master] Task output: berth 4',
    '[Agent: Berth Master] looks up the tide',
    '[tool=tides] called',
    'hold(berth=4, session=s-1)',
    'SELECT berth FROM holds WHERE session_id=42',
    'the crane moved (2 of 3)',
    'try again (request 2)',
    'finished trial run=3',
    'the session=s-1 is over',
    '[session expired] sign in again',
    'https://desk.example.com/berths?session=s-1',
    '{"session_id": "s-1"}',
    "{'session_id': 's-1', 'n': 1}",
    'event=tool_call tool=tides session_id=s-1',
    'session_id=s-1 tool=tides duration_ms=3',
  ])('%s', (line) => expect(unwrap(line)).toMatchObject({ text: line, context: null }));
});

const AT = { time: '2026-01-02T03:04:05.678Z', level: 'INFO' };

describe('prefixes of loggers in any order', () => {
  test.each([
    [`[2026-01-02T03:04:05.678Z] INFO stdout: ${TEXT}`, { ...AT, logger: 'stdout' }],
    [`2026-01-02 03:04:05,678 - stdout - INFO - ${TEXT}`, { ...AT, logger: 'stdout' }],
    [
      `2026-01-02 03:04:05,678 INFO [ThreadPoolExecutor-0_2] desk.loop: ${TEXT}`,
      { ...AT, lane: 'ThreadPoolExecutor-0_2', logger: 'desk.loop' },
    ],
    [
      `2026-01-02 03:04:05,678 [MainThread] INFO desk.loop - ${TEXT}`,
      { ...AT, lane: 'MainThread', logger: 'desk.loop' },
    ],
    [
      `2026-01-02 03:04:05,678 - Thread-3 (_worker) - desk - INFO - ${TEXT}`,
      { ...AT, lane: 'Thread-3 (_worker)', logger: 'desk' },
    ],
    [`2026-01-02 03:04:05,678 (Task-7) INFO desk: ${TEXT}`, { ...AT, lane: 'Task-7', logger: 'desk' }],
    [`2026-01-02 03:04:05.678 | INFO     | desk.loop:run:84 - ${TEXT}`, { ...AT, logger: 'desk.loop' }],
    [
      `2026-01-02 03:04:05.678 | INFO     | Thread-3 | desk.loop:run:84 - ${TEXT}`,
      { ...AT, lane: 'Thread-3', logger: 'desk.loop' },
    ],
    [
      `2026-01-02 03:04:05.678  INFO 812 --- [    pool-1-thread-2] com.example.desk.Loop                    : ${TEXT}`,
      { ...AT, lane: 'pool-1-thread-2', logger: 'com.example.desk.Loop' },
    ],
    [`[2026-01-02 03:04:05.678 +0000] [812] [INFO] ${TEXT}`, { ...AT, lane: '812' }],
    [`2026-01-02 03:04:05,678 [pid 812] INFO ${TEXT}`, { ...AT, lane: '812' }],
    [
      `2026-01-02 03:04:05,678 INFO desk [agent=clerk-2] ${TEXT}`,
      { ...AT, text: `desk [agent=clerk-2] ${TEXT}` },
    ],
    [
      `2026-01-02 03:04:05,678 INFO [desk.loop] [loop.py:84] [trace_id=ab12cd span_id=01] - ${TEXT}`,
      { ...AT, logger: 'desk.loop', trace: 'ab12cd', span_id: '01' },
    ],
    [
      `2026-01-02 03:04:05,678 - desk - INFO - [session_id=s-1] ${TEXT} agent=clerk-2`,
      { ...AT, logger: 'desk', session: 's-1', agent: 'clerk-2' },
    ],
    [`INFO:desk.loop:[Thread-3] ${TEXT}`, { level: 'INFO', logger: 'desk.loop', lane: 'Thread-3' }],
    [`[Thread-3] ${TEXT}`, { lane: 'Thread-3' }],
    [
      `time=2026-01-02T03:04:05.678Z level=info logger=stdout msg="${TEXT}" agent=clerk-2`,
      { ...AT, logger: 'stdout', agent: 'clerk-2' },
    ],
    [
      `level=info msg="[session=s-1] ${TEXT}" ts=2026-01-02T03:04:05.678Z thread=Thread-3`,
      { ...AT, session: 's-1', lane: 'Thread-3' },
    ],
  ])('%s', (line, expected) => expect(told(line)).toEqual({ text: TEXT, ...expected }));

  test.each(['2026-01-02 03:04:05,678 INFO ', 'INFO: '])(
    'what an agent says is no name behind %j',
    (head) => {
      for (const text of ['thought: which berth', 'user: is it free', 'error: no crane'])
        expect(unwrap(head + text).text).toBe(text);
    },
  );

  test.each(['[INFO] ', '2026-01-02 03:04:05,678 INFO ', '2026-01-02 03:04:05,678 - desk - INFO - '])(
    "a tracer's step is no name behind %j",
    (head) =>
      expect(unwrap(`${head}[tool/start] [1:tool:tides] Entering`).text).toBe(
        '[tool/start] [1:tool:tides] Entering',
      ),
  );

  test('a syslog tag tells the process', () =>
    expect(told(`<14>Jan  2 03:04:05 host desk[812]: ${TEXT}`)).toEqual({
      text: TEXT,
      logger: 'desk',
      lane: '812',
    }));
});

describe('colours are those of the message alone', () => {
  const coloured = '\u001b[32;1m\u001b[1;3mThought: which berth\u001b[0m';
  const bare = unwrap(coloured);
  test.each([
    `2026-01-02 03:04:05,678 - stdout - INFO - ${coloured}`,
    `[2026-01-02T03:04:05.678Z] INFO stdout: [session_id=s-1] ${coloured}`,
    `\u001b[32m2026-01-02 03:04:05.678\u001b[0m | \u001b[1mINFO    \u001b[0m | \u001b[36mdesk\u001b[0m:\u001b[36mrun\u001b[0m:\u001b[36m8\u001b[0m - ${coloured}`,
    `${coloured} session_id=s-1`,
    `level=info msg="${coloured.replaceAll('\u001b', '\\u001b')}" session=s-1`,
  ])('%j', (line) => {
    const { text, raw, colours } = unwrap(line);
    expect({ text, raw: raw.trim(), colours }).toEqual({
      text: bare.text,
      raw: bare.raw,
      colours: bare.colours,
    });
  });
});

test('the suffix of a record of several lines stands behind the first', () =>
  expect(told('Observation: berth 4 session_id=s-1\nberth 5')).toEqual({
    text: 'Observation: berth 4\nberth 5',
    session: 's-1',
  }));

test('a quoted text is as it was before it was quoted', () =>
  expect(told('level=info msg="Observation: {\\"berth\\": 4}\\nC:\\\\tides"')).toEqual({
    text: 'Observation: {"berth": 4}\nC:\\tides',
    level: 'INFO',
  }));

test('a context tells its narrowest lane', () => {
  const { context } = unwrap(`[pid=812 thread=MainThread taskName=Task-7] ${TEXT}`);
  expect(laneOf(context!)).toBe('Task-7');
});
