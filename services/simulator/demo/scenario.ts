import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../../lib/config/root.js';

/** One line of a log with its identity, as a shipper would send it. */
export interface DemoLine {
  message: string;
  timestamp: string;
  source: {
    system: string;
    account?: string;
    region?: string;
    log_group: string;
    log_stream: string;
    log_id: string;
  };
}

export interface DemoEvent {
  timestamp: string;
  event_type: string;
  agent_id: string;
  session_id: string;
  trace_id: string;
  properties: Record<string, unknown>;
}

/** A trace as it must come out: written by hand in expected.yaml. */
export interface ExpectedTrace {
  name: string;
  trace_id?: string;
  session_id?: string | null;
  status: string;
  events: [eventType: string, properties: Record<string, unknown>][];
}

export interface DemoScenario {
  lambda: DemoLine[];
  llamaindex: DemoLine[];
  ownAgent: DemoEvent[];
  expected: ExpectedTrace[];
  search: { query: string; lexical_query: string; hit: string };
}

/** How long before now the demo's logs begin, milliseconds: long enough for all of them to lie in the past. */
const BEGAN_MS = 20_000;

/**
 * The logs of three agents with ids of this run in place of the placeholders, and what has to come of them.
 * @param ids one for each placeholder; `run` also names the log streams, so that runs do not mix.
 */
export function loadDemo(
  ids: Record<'run' | 'request_1' | 'request_2' | 'session' | 'trace', string>,
  nowMs: number,
): DemoScenario {
  const folder = join(projectRoot(), 'services/simulator/demo');
  const read = (file: string) =>
    readFileSync(join(folder, file), 'utf8').replace(
      /\{\{(\w+)\}\}/g,
      (whole, name: string) => ids[name as 'run'] ?? whole,
    );
  const at = (offsetMs: number) => new Date(nowMs - BEGAN_MS + offsetMs).toISOString();
  const lines = (file: string, source: Omit<DemoLine['source'], 'log_id'>): DemoLine[] =>
    read(file)
      .trimEnd()
      .split('\n')
      .map((line, index) => {
        const [, offset, message] = /^\+(\d+)\t(.*)$/.exec(line)!;
        return {
          message: message!,
          timestamp: at(Number(offset)),
          source: { ...source, log_id: String(index) },
        };
      });
  const { traces, search } = parse(read('expected.yaml')) as {
    traces: ExpectedTrace[];
    search: DemoScenario['search'];
  };
  return {
    lambda: lines('langchain-lambda.log', {
      system: 'cloudwatch',
      account: '123456789012',
      region: 'us-east-1',
      log_group: '/aws/lambda/langchain-agent',
      log_stream: `[$LATEST]${ids.run}`,
    }),
    llamaindex: lines('llamaindex-service.log', {
      system: 'container',
      log_group: 'llamaindex-service',
      log_stream: ids.run,
    }),
    ownAgent: read('support-bot.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { at: offset, ...event } = JSON.parse(line) as {
          at: number;
          event_type: string;
          properties: Record<string, unknown>;
        };
        return {
          ...event,
          timestamp: at(offset),
          agent_id: 'support-bot',
          session_id: ids.session,
          trace_id: ids.trace,
        };
      }),
    expected: traces,
    search,
  };
}
