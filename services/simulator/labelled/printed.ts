import type { Random } from '../../../lib/testing/random.js';
import type { Plan } from './plan.js';

export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

/** What a record is, for the breakdown of errors. */
export type Kind =
  | 'start'
  | 'thought'
  | 'call'
  | 'result'
  | 'llm'
  | 'retrieval'
  | 'decision'
  | 'note'
  | 'library'
  | 'error'
  | 'answer'
  | 'end'
  | 'platform'
  | 'ambient';

/** One write of a process: lines that come out together. */
export interface Printed {
  /** Time since the run's record before it, milliseconds. */
  afterMs: number;
  lines: string[];
  /** app: the program's own logger; library: a library's; stdout: printed by the framework, past any logger. */
  origin: 'app' | 'library' | 'stdout';
  level: Level;
  logger: string;
  kind: Kind;
  /** What a structured logger adds to the message. */
  fields: Record<string, unknown>;
}

/** A run as a framework is about to print it. */
export interface Run {
  plan: Plan;
  random: Random;
  /** The same for all runs of an agent: a program has one style. */
  style: Random;
  agent: string;
  /** Chance of a library to say something in a step. */
  libraryLines: number;
  /** How much slower than the fastest the program is between two records that it prints without waiting for anything. */
  pace: number;
}

/** A framework's way to print a run. */
export type Framework = (run: Run) => Printed[];

/** Collects what a run prints; what is waited for is added to the next record. */
export class Printer {
  readonly records: Printed[] = [];
  private waitedMs = 0;

  constructor(
    private readonly run: Run,
    private readonly logger: string,
  ) {}

  wait(ms: number): void {
    this.waitedMs += ms;
  }

  /** Printed past any logger. */
  out(kind: Kind, text: string): void {
    this.add({
      kind,
      origin: 'stdout',
      logger: 'stdout',
      level: 'INFO',
      lines: text.split('\n'),
      fields: {},
    });
  }

  /** Logged by the program itself, or by `logger` where it names one. */
  log(
    kind: Kind,
    text: string,
    {
      level = 'INFO',
      fields = {},
      logger = this.logger,
    }: { level?: Level; fields?: Record<string, unknown>; logger?: string } = {},
  ): void {
    this.add({ kind, origin: 'app', logger, level, lines: text.split('\n'), fields });
  }

  /** Logged by a library, now and then. */
  library(model: string): void {
    const { random, libraryLines } = this.run;
    if (!random.chance(libraryLines)) return;
    const [logger, text, level] = random.pick(sayings(model, random));
    this.add({ kind: 'library', origin: 'library', logger, level, lines: [text], fields: {} });
  }

  private add(record: Omit<Printed, 'afterMs'>): void {
    this.records.push({ ...record, afterMs: this.waitedMs });
    this.waitedMs = (0.2 + this.run.random.next() * 3) * this.run.pace;
  }
}

function sayings(model: string, random: Random): [logger: string, text: string, level: Level][] {
  const host = model.startsWith('claude')
    ? 'api.anthropic.com/v1/messages'
    : model.startsWith('mistral')
      ? 'api.mistral.ai/v1/chat/completions'
      : 'api.openai.com/v1/chat/completions';
  return [
    ['httpx', `HTTP Request: POST https://${host} "HTTP/1.1 200 OK"`, 'INFO'],
    ['httpx', `HTTP Request: POST https://${host} "HTTP/1.1 200 OK"`, 'INFO'],
    [
      'urllib3.connectionpool',
      `https://${host.split('/')[0]}:443 "POST /${host.split('/').slice(1).join('/')} HTTP/1.1" 200 None`,
      'DEBUG',
    ],
    [
      'openai._base_client',
      `Retrying request to /chat/completions in 0.${400 + random.below(500)} seconds`,
      'INFO',
    ],
    ['tiktoken', `encoded ${100 + random.below(4_000)} tokens`, 'DEBUG'],
    ['py.warnings', 'LangChainDeprecationWarning: The method `run` was deprecated', 'WARNING'],
  ];
}

/** Milliseconds of work between two prints of a program. */
export const moment = (random: Random): number => 1 + random.next() * 12;

/** The lines that Python prints for an exception. */
export function traceback(random: Random, type: string, message: string): string[] {
  const frames = Array.from({ length: 2 + random.below(3) }, () => [
    `  File "/app/${random.pick(['agent', 'tools/http', 'chain', 'worker'])}.py", line ${10 + random.below(300)}, in ${random.pick(['run', 'invoke', '_call', 'execute', 'handle'])}`,
    `    ${random.pick(['return self._call(inputs)', 'result = tool.run(args)', 'response.raise_for_status()', 'raise ToolError(reason)'])}`,
  ]).flat();
  return ['Traceback (most recent call last):', ...frames, `${type}: ${message}`];
}

/** An exception that may end a run. */
export function drawException(random: Random): { type: string; message: string } {
  return random.pick([
    { type: 'openai.RateLimitError', message: 'Error code: 429 - quota exceeded' },
    { type: 'requests.exceptions.ConnectionError', message: 'connection aborted by peer' },
    { type: 'KeyError', message: "'output'" },
    { type: 'ValueError', message: 'Could not parse LLM output' },
    { type: 'TimeoutError', message: 'the tool did not answer in 30 s' },
    { type: 'json.decoder.JSONDecodeError', message: 'Expecting value: line 1 column 1 (char 0)' },
  ]);
}
