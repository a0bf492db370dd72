import { httpStream, logStream, type RawStream } from './raw-streams.js';

const REQUEST_1 = '11111111-0000-4000-8000-000000000001';
const REQUEST_2 = '22222222-0000-4000-8000-000000000002';
const REQUEST_3 = '33333333-0000-4000-8000-000000000003';
const XRAY = '1-6553f100-0123456789abcdef01234567';

/** A LangChain agent on Lambda: two invocations on one stream, the second one killed by its time-out. */
export const lambdaAgent = (): RawStream =>
  logStream('/aws/lambda/booking', '2026/02/03/[$LATEST]aa', [
    [0, `START RequestId: ${REQUEST_1} Version: 12`],
    [10, '> Entering new AgentExecutor chain...'],
    [20, 'Thought: I need the timetable of the night ferry'],
    [21, 'Action: timetable'],
    [21, 'Action Input: {"route": "night ferry"}'],
    [400, 'Observation: leaves at 22:10'],
    [900, 'Final Answer: The night ferry leaves at 22:10'],
    [905, '> Finished chain.'],
    [910, `END RequestId: ${REQUEST_1}`],
    [
      911,
      `REPORT RequestId: ${REQUEST_1}\tDuration: 911.10 ms\tBilled Duration: 912 ms\tMemory Size: 512 MB\tMax Memory Used: 199 MB`,
    ],
    [5_000, `START RequestId: ${REQUEST_2} Version: 12`],
    [5_020, 'Action: timetable'],
    [5_021, 'Action Input: {"route": "day ferry"}'],
    [8_000, `2026-02-03T04:00:08.000Z ${REQUEST_2} Task timed out after 3.00 seconds`],
    [8_001, `END RequestId: ${REQUEST_2}`],
    [
      8_001,
      `REPORT RequestId: ${REQUEST_2}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 512 MB\tMax Memory Used: 210 MB`,
    ],
  ]);

/** An invocation whose last line alone names the trace: the session moves there, and everything before with it. */
export const tracedLambda = (): RawStream =>
  logStream('/aws/lambda/pricing', '2026/02/03/[$LATEST]bb', [
    [100, `START RequestId: ${REQUEST_3} Version: 3`],
    [150, 'Action: price_list'],
    [150, 'Action Input: berth'],
    [300, 'Observation: 40 EUR'],
    [310, `END RequestId: ${REQUEST_3}`],
    [
      311,
      `REPORT RequestId: ${REQUEST_3}\tDuration: 211.00 ms\tBilled Duration: 212 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB\tXRAY TraceId: ${XRAY}\tSegmentId: 0a1b\tSampled: true`,
    ],
  ]);

/** Another service that names the same trace by itself. */
export const tracedService = (): RawStream =>
  logStream('/ecs/ledger', 'ledger/1', [
    [
      200,
      JSON.stringify({
        level: 'INFO',
        event_type: 'api_call',
        trace_id: XRAY,
        message: 'ledger asked',
        duration_ms: 12.25,
      }),
    ],
    [260, JSON.stringify({ level: 'ERROR', event_type: 'error', trace_id: XRAY, message: 'ledger said no' })],
  ]);

/** A container without ids: two runs, parted by more than the agent window. */
export const container = (): RawStream =>
  logStream('/ecs/quay', 'quay/7', [
    [0, 'INFO:quay.worker:looking for a free quay'],
    [50, 'Thought: quay 4 is free'],
    [900, 'ERROR:quay.worker:could not moor'],
    [900, 'Traceback (most recent call last):'],
    [900, '  File "quay.py", line 4, in moor'],
    [901, 'RuntimeError: no rope'],
    [700_000, 'INFO:quay.worker:looking for a free quay'],
    [700_100, 'Thought: quay 9 is free'],
  ]);

/** An agent of one's own that prints JSON with ids; one session is bound to two traces, the earlier bind wins. */
export const jsonAgent = (): RawStream =>
  logStream('/ecs/pilot', 'pilot/1', [
    [
      0,
      JSON.stringify({
        session_id: 'voyage-1',
        agent_id: 'pilot',
        event_type: 'agent_start',
        message: 'setting out',
      }),
    ],
    [
      40,
      JSON.stringify({
        session_id: 'voyage-1',
        agent_id: 'pilot',
        event_type: 'tool_call',
        tool_name: 'tides',
        message: 'tides?',
      }),
    ],
    [
      90,
      JSON.stringify({
        session_id: 'voyage-1',
        trace_id: 'trace-b',
        agent_id: 'pilot',
        event_type: 'llm_end',
        model: 'small',
        prompt_tokens: 12,
        completion_tokens: 3,
        message: 'asked',
      }),
    ],
    [
      200,
      JSON.stringify({
        session_id: 'voyage-1',
        agent_id: 'pilot',
        event_type: 'agent_finish',
        message: 'arrived',
      }),
    ],
  ]);

export const otherHalf = (): RawStream =>
  logStream('/ecs/pilot', 'pilot/2', [
    [
      60,
      JSON.stringify({
        session_id: 'voyage-1',
        trace_id: 'trace-a',
        agent_id: 'helper',
        event_type: 'tool_result',
        tool_name: 'tides',
        duration_ms: 8.5,
        message: 'low',
      }),
    ],
    [
      95,
      JSON.stringify({ session_id: 'voyage-1', agent_id: 'helper', event_type: 'decision', message: 'wait' }),
    ],
  ]);

/** Events over HTTP: one with an id of its own, one sent twice, one with an agent only. */
export const httpAgent = (): RawStream =>
  httpStream('http/agent:clerk', [
    [
      10,
      {
        event_id: 'own-id-1',
        agent_id: 'clerk',
        session_id: 'desk',
        event_type: 'agent_start',
        properties: { note: 'a' },
      },
    ],
    [30, { agent_id: 'clerk', session_id: 'desk', event_type: 'decision', properties: { note: 'b' } }],
    [30, { agent_id: 'clerk', session_id: 'desk', event_type: 'decision', properties: { note: 'b' } }],
    [50, { agent_id: 'clerk', event_type: 'decision', properties: { note: 'c' } }],
    [
      10,
      {
        event_id: 'own-id-1',
        agent_id: 'clerk',
        session_id: 'desk',
        event_type: 'agent_start',
        properties: { note: 'a' },
      },
    ],
  ]);

export const allStreams = (): RawStream[] => [
  lambdaAgent(),
  tracedLambda(),
  tracedService(),
  container(),
  jsonAgent(),
  otherHalf(),
  httpAgent(),
];

export const ids = { REQUEST_1, REQUEST_2, REQUEST_3, XRAY };
