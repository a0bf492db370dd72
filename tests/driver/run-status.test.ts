import { describe, expect, it } from 'vitest';
import { type AppConfig, defaultAppConfig } from '../../lib/config/app-config.js';
import type { AgentTrace } from '../../lib/model/events.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { Analysis } from '../../services/cli/analysis.js';
import { loadRules } from '../../services/processor/adapters/rule-files.js';

const codec = localCodec();
const rules = loadRules(defaultAppConfig());
const START = Date.UTC(2026, 4, 1, 10);
const REQUEST = '3d6f1f5e-90a1-4c6e-8f7d-2b1a0c9d8e7f';

/** What becomes of lines that a run prints a second apart, once it has been quiet. */
function tracesOf(lines: string[], config: AppConfig = defaultAppConfig()): AgentTrace[] {
  const analysis = new Analysis({ codec, rules, config, nowMs: START });
  lines.forEach((message, second) => {
    const timestamp = new Date(START + second * 1_000).toISOString();
    const source = { system: 'cloudwatch', log_group: '/aws/lambda/harbour', log_stream: 'a' };
    analysis.take(Buffer.from(JSON.stringify({ message, timestamp, source })));
  });
  analysis.end();
  const traces = analysis.traces.sort((a, b) => a.start_ms - b.start_ms);
  analysis.close();
  return traces;
}

const CHAIN = '> Entering new AgentExecutor chain...';
const call = (input: string) => [
  'Thought: the tide table will tell',
  'Action: tides',
  `Action Input: ${input}`,
];
const ANSWER = ['Observation: high water at 14:10', 'Final Answer: after lunch', '> Finished chain.'];
const STARTED = `START RequestId: ${REQUEST} Version: $LATEST`;
const REPORT = `REPORT RequestId: ${REQUEST} Duration: 900.10 ms Billed Duration: 901 ms Memory Size: 256 MB Max Memory Used: 90 MB`;

describe('the status of a run', () => {
  it.each<[string, string[], Partial<AgentTrace>]>([
    [
      'completed by its answer',
      [CHAIN, ...call('Brest'), ...ANSWER],
      { status: 'completed', error_count: 0 },
    ],
    [
      'completed where it went on after an error, which is counted',
      [
        STARTED,
        CHAIN,
        ...call('Brest'),
        'ERROR:tools:tides failed: no such port',
        ...call('Brest, FR'),
        ...ANSWER,
      ],
      { status: 'completed', error_count: 1 },
    ],
    [
      'failed where an error came last, and lines that say nothing after it',
      [CHAIN, ...call('Brest'), 'ERROR:root:agent failed: RateLimitError: 429', 'INFO:root:flushing metrics'],
      { status: 'failed', error_count: 1 },
    ],
    [
      'failed by a crash below an action',
      [
        CHAIN,
        ...call('Brest'),
        'Traceback (most recent call last):',
        '  File "a.py", line 1, in f',
        'KeyError: 7',
      ],
      { status: 'failed', error_count: 1 },
    ],
    [
      'failed by an error after its answer',
      [CHAIN, ...call('Brest'), ...ANSWER, 'ERROR:root:cannot store the answer: disk full'],
      { status: 'failed', error_count: 1 },
    ],
    [
      'completed by its answer, whatever is printed after it',
      [CHAIN, ...call('Brest'), ...ANSWER, 'INFO:root:flushing metrics', 'INFO:root:bye'],
      { status: 'completed', error_count: 0 },
    ],
    [
      'completed by the end of its invocation',
      [STARTED, ...call('Brest'), `END RequestId: ${REQUEST}`, REPORT],
      { status: 'completed', error_count: 0 },
    ],
    [
      'failed by a time-out of the platform that comes after the end',
      [
        STARTED,
        ...call('Brest'),
        `END RequestId: ${REQUEST}`,
        REPORT,
        `2026-05-01T10:00:06.000Z ${REQUEST} Task timed out after 3.00 seconds`,
      ],
      { status: 'failed', error_count: 1 },
    ],
    [
      'failed by a report whose status is a time-out',
      [STARTED, ...call('Brest'), `END RequestId: ${REQUEST}`, `${REPORT} Status: timeout`],
      { status: 'failed', error_count: 1 },
    ],
    [
      'failed where the runtime was killed, though the invocation ended',
      [
        STARTED,
        ...call('Brest'),
        `RequestId: ${REQUEST} Error: Runtime exited with error: signal: killed`,
        `END RequestId: ${REQUEST}`,
        REPORT,
      ],
      { status: 'failed', error_count: 1 },
    ],
    [
      'completed by quiet where nothing says how it ended',
      [CHAIN, ...call('Brest')],
      { status: 'completed' },
    ],
  ])('is %s', (_, lines, expected) => {
    expect(tracesOf(lines)).toMatchObject([expected]);
  });

  it('is truncated where the limit of a trace cut it, and that of the last part is its own', () => {
    const config = defaultAppConfig();
    config.trace_detection.max_events_per_trace = 3;
    const traces = tracesOf([CHAIN, ...call('Brest'), ...ANSWER], config);
    expect(traces.map(({ status, total_events }) => [status, total_events])).toEqual([
      ['truncated', 3],
      ['completed', 3],
    ]);
    expect(traces[1]?.continues).toBe(traces[0]?.trace_id);
  });

  it('of a run that is told by spans is that of the span that ended last, whose time is when it began', () => {
    const span = (id: string, parent: string | null, from: number, to: number, about: object) =>
      JSON.stringify({
        context: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: `b7ad6b716920333${id}` },
        parent_id: parent === null ? null : `b7ad6b716920333${parent}`,
        start_time: new Date(START + from).toISOString(),
        end_time: new Date(START + to).toISOString(),
        attributes: about,
      });
    const usage = {
      'gen_ai.request.model': 'm',
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': 3,
    };
    const [trace] = tracesOf([
      span('3', '1', 1_000, 2_000, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'tides' }),
      span('2', '1', 2_000, 4_500, { 'gen_ai.operation.name': 'chat', ...usage }),
      span('1', null, 0, 5_000, { 'gen_ai.operation.name': 'invoke_agent', ...usage }),
    ]);
    expect(trace).toMatchObject({
      status: 'completed',
      duration_ms: 5_000,
      tools: { tides: { calls: 1, timed: 1, total_ms: 1_000 } },
      // the agent's span repeats what its model call told
      models: { m: { total_tokens: 12, total_ms: 2_500 } },
    });
  });
});
