import type { Random } from '../../../lib/testing/random.js';
import { hex, logNormal } from './draw.js';
import { type Domain, Subject, vocabulary } from './vocabulary.js';

/** What an agent does in one run, whatever framework prints it. Times are milliseconds. */
export interface Plan {
  question: string;
  model: string;
  steps: Step[];
  /** crash: an exception ends the run; timeout: the platform kills it; silent: it stops printing without a word. */
  ending: Ending;
  answer: string;
}

export type Ending = 'answer' | 'crash' | 'timeout' | 'silent';

export type Step = Think | LlmCall | ToolCalls | Retrieval | Decision | Note | Delegation;

export interface Think {
  kind: 'think';
  text: string;
}

export interface LlmCall {
  kind: 'llm';
  promptTokens: number;
  completionTokens: number;
  ms: number;
  /** The call failed so; it is tried again by a later step. */
  error: string | null;
}

export interface ToolCall {
  id: string;
  tool: string;
  input: Record<string, string | number>;
  output: string;
  ms: number;
  error: string | null;
}

/** Calls made at once: one, or some that run side by side and end in the order of `ms`. */
export interface ToolCalls {
  kind: 'tools';
  calls: ToolCall[];
}

export interface Retrieval {
  kind: 'retrieve';
  query: string;
  documents: number;
  ms: number;
}

export interface Decision {
  kind: 'decide';
  text: string;
}

export interface Note {
  kind: 'note';
  text: string;
}

/** A sub-agent works on a part of the task. */
export interface Delegation {
  kind: 'delegate';
  to: string;
  task: string;
  steps: Step[];
  answer: string;
}

export interface PlanOptions {
  domain: Domain;
  /** The model that the agent asks, most of the time. */
  model: string;
  crash: number;
  timeout: number;
  silent: number;
}

/** Draws a run: what is asked, the steps to an answer with their errors and retries, and how it ends. */
export function drawPlan(random: Random, { domain, model, crash, timeout, silent }: PlanOptions): Plan {
  const { models } = vocabulary();
  const subject = new Subject(random);
  const question = subject.fill(random.pick(domain.asks));
  const rounds = 1 + Math.min(6, Math.floor(logNormal(random, 2.6, 0.6)));
  const steps: Step[] = [];
  if (random.chance(0.35)) steps.push({ kind: 'note', text: subject.fill(random.pick(domain.notes)) });
  if (random.chance(0.3)) steps.push({ kind: 'decide', text: subject.fill(random.pick(domain.decisions)) });
  for (let round = 0; round < rounds; round++) steps.push(...drawRound(random, domain, subject, 0));
  const fate = random.next();
  const ending: Ending =
    fate < crash
      ? 'crash'
      : fate < crash + timeout
        ? 'timeout'
        : fate < crash + timeout + silent
          ? 'silent'
          : 'answer';
  if (ending === 'answer') steps.push(...drawLlm(random));
  else steps.splice(1 + random.below(steps.length));
  return {
    question,
    model: random.chance(0.9) ? model : random.pick(models),
    steps,
    ending,
    answer: subject.fill(random.pick(domain.answers)),
  };
}

function drawRound(random: Random, domain: Domain, subject: Subject, depth: number): Step[] {
  const steps: Step[] = [];
  const { agents } = vocabulary();
  if (depth === 0 && random.chance(0.08)) {
    return [
      {
        kind: 'delegate',
        to: random.pick(agents),
        task: subject.fill(random.pick(domain.asks)),
        steps: Array.from({ length: 1 + random.below(2) }, () =>
          drawRound(random, domain, subject, depth + 1),
        ).flat(),
        answer: subject.fill(random.pick(domain.answers)),
      },
    ];
  }
  steps.push(...drawLlm(random));
  steps.push({ kind: 'think', text: subject.fill(random.pick(domain.thoughts)) });
  if (random.chance(0.15)) {
    steps.push({
      kind: 'retrieve',
      query: subject.fill(random.pick(domain.asks)),
      documents: 1 + random.below(8),
      ms: logNormal(random, 180),
    });
  } else if (random.chance(0.92)) {
    const parallel = random.chance(0.12) ? 2 : 1;
    const calls = Array.from({ length: parallel }, () => drawCall(random, domain, subject));
    steps.push({ kind: 'tools', calls });
    const failed = calls.find(({ error }) => error !== null);
    if (failed && random.chance(0.7)) {
      const retry = { ...failed, id: callId(random), error: null, ms: failed.ms * 0.6 };
      steps.push({ kind: 'tools', calls: [retry] });
    }
  }
  if (random.chance(0.12)) steps.push({ kind: 'note', text: subject.fill(random.pick(domain.notes)) });
  return steps;
}

function drawLlm(random: Random): LlmCall[] {
  const one = (error: string | null): LlmCall => ({
    kind: 'llm',
    promptTokens: Math.round(logNormal(random, 900, 0.7)),
    completionTokens: Math.round(logNormal(random, 90, 0.7)),
    ms: logNormal(random, 2_200, 0.6),
    error,
  });
  const calls: LlmCall[] = [];
  if (random.chance(0.03)) calls.push(one(random.pick(vocabulary().llm_errors)));
  calls.push(one(null));
  return calls;
}

const callId = (random: Random): string => `call_${hex(random, 12)}`;

function drawCall(random: Random, domain: Domain, subject: Subject): ToolCall {
  const tool = random.pick(domain.tools);
  const { input, outputs, errors, ms } = vocabulary().tools[tool]!;
  return {
    id: callId(random),
    tool,
    input: Object.fromEntries(
      Object.entries(input).map(([name, value]) => [
        name,
        typeof value === 'string' ? subject.fill(value) : value,
      ]),
    ),
    output: subject.fill(random.pick(outputs)),
    ms: logNormal(random, ms, 0.9),
    error: random.chance(0.06) ? subject.fill(random.pick(errors)) : null,
  };
}
