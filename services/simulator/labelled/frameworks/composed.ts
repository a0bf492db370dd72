import type { Random } from '../../../../lib/testing/random.js';
import type { ToolCall } from '../plan.js';
import type { Dialect } from './dialects.js';
import { pythonRepr, shortDuration } from './values.js';

const NOUNS = [
  'run',
  'agent run',
  'task',
  'request',
  'query',
  'job',
  'workflow',
  'user message',
  'question',
  'session',
];
const SEPARATORS = [': ', ' - ', ' | ', ' => ', ', ', ' -> '];
const MARKS = ['', '', '', '[agent] ', '🤖 ', '>> ', '* ', '=== '];

/** A wording put together from parts: there are more ways to say the same than anyone would list. */
export function composedDialect(random: Random, agent: string): Dialect {
  const noun = random.pick(NOUNS);
  const sep = random.pick(SEPARATORS);
  const mark = random.pick([...MARKS, `${agent}: `]);
  const say = (text: string) => mark + text;
  const started = random.pick([
    `Starting ${noun}`,
    `Started new ${noun}`,
    `New ${noun}`,
    `Received ${noun}`,
    `Handling ${noun}`,
    `Incoming ${noun}`,
    `Kicking off ${noun}`,
    `Processing ${noun}`,
    `Accepted ${noun}`,
    `Begin ${noun}`,
  ]);
  const ended = random.pick([
    `Finished ${noun}`,
    `${noun} completed`,
    `${noun} done`,
    `Done with ${noun}`,
    `Completed ${noun} successfully`,
    `End of ${noun}`,
    `${noun} finished`,
  ]);
  const answered = random.pick([
    'Answer',
    'Final answer',
    'Final response',
    'Reply',
    'Output',
    'Responding with',
    'Result',
  ]);
  const tool = toolWords(random, sep);
  const llm = llmWords(random);
  const thinking = random.pick([null, null, 'Thinking', 'Reasoning', 'Thought', 'Model says', 'Plan']);
  const quotesQuestion = random.chance(0.85);
  const saysEnd = random.chance(0.7);
  const saysDuration = random.chance(0.5);
  const decided = random.pick(['Decision', 'Next step', 'Route', 'Chosen']);
  const delegated = random.pick(['Delegating to', 'Handing over to', 'Asking agent']);
  const failed = random.pick([`${noun} failed`, `Error in ${noun}`, `Aborting ${noun}`, `${noun} crashed`]);
  const saysAnswer = random.chance(0.8) || !saysEnd;
  return {
    start: ({ question }) => say(quotesQuestion ? `${started}${sep}${question}` : started),
    llmStart: (model, prompt) => llm.start?.(model, prompt) ?? null,
    llmEnd: (model, prompt, completion, ms) => llm.end?.(model, prompt, completion, ms) ?? null,
    thought: (text) => (thinking === null ? null : say(`${thinking}${sep}${text}`)),
    call: (call) => say(tool.call(call)),
    result: (call) => say(tool.result(call)),
    failure: (call) => say(tool.failure(call)),
    retrieved: retrievalWords(random),
    decision: (text) => say(`${decided}${sep}${text}`),
    delegate: (to, task) => say(`${delegated} ${to}${sep}${task}`),
    answer: (text) => (saysAnswer ? say(`${answered}${sep}${text}`) : null),
    end: (ms) => (saysEnd ? say(saysDuration ? `${ended} in ${shortDuration(ms)}` : ended) : null),
    failed: (message) => say(`${failed}${sep}${message}`),
  };
}

function toolWords(
  random: Random,
  sep: string,
): Record<'call' | 'result' | 'failure', (call: ToolCall) => string> {
  const verb = random.pick([
    'Calling',
    'Invoking',
    'Running',
    'Executing',
    'Using',
    'Dispatching',
    'Requesting',
  ]);
  const noun = random.pick(['tool ', 'function ', 'action ', '', 'skill ']);
  const name = random.pick([
    (text: string) => text,
    (text: string) => `'${text}'`,
    (text: string) => `\`${text}\``,
    (text: string) => `"${text}"`,
  ]);
  const args = random.pick([
    (input: ToolCall['input']) => ` with args ${JSON.stringify(input)}`,
    (input: ToolCall['input']) =>
      `(${Object.entries(input)
        .map(([key, value]) => `${key}=${pythonRepr(value)}`)
        .join(', ')})`,
    (input: ToolCall['input']) => ` input=${JSON.stringify(input)}`,
    (input: ToolCall['input']) => ` with parameters: ${pythonRepr(input)}`,
    (input: ToolCall['input']) => `${sep}${JSON.stringify(input)}`,
  ]);
  const id = random.chance(0.3) ? (call: ToolCall) => ` [${call.id}]` : () => '';
  const done = random.pick(['returned', 'finished', 'completed', 'succeeded', 'responded', 'ok']);
  const took = random.chance(0.5) ? ({ ms }: ToolCall) => ` in ${shortDuration(ms)}` : () => '';
  const result = random.pick([
    (call: ToolCall) => `${noun}${name(call.tool)}${id(call)} ${done}${took(call)}${sep}${call.output}`,
    (call: ToolCall) => `Got result from ${name(call.tool)}${id(call)}${sep}${call.output}`,
    (call: ToolCall) => `Result of ${name(call.tool)}${id(call)}${took(call)}${sep}${call.output}`,
    (call: ToolCall) => `Response from ${noun}${name(call.tool)}${id(call)}${sep}${call.output}`,
    (call: ToolCall) => `${noun || 'tool '}result${id(call)}${sep}${call.output}`,
  ]);
  const failure = random.pick([
    (call: ToolCall) => `${noun}${name(call.tool)}${id(call)} failed${sep}${call.error}`,
    (call: ToolCall) => `Error in ${name(call.tool)}${id(call)}${sep}${call.error}`,
    (call: ToolCall) => `Exception while running ${name(call.tool)}${id(call)}${sep}${call.error}`,
  ]);
  return {
    call: (call) => `${verb} ${noun}${name(call.tool)}${id(call)}${args(call.input)}`,
    result,
    failure,
  };
}

function llmWords(random: Random): {
  start: ((model: string, prompt: number) => string) | null;
  end: ((model: string, prompt: number, completion: number, ms: number) => string) | null;
} {
  return random.pick([
    { start: null, end: null },
    {
      start: (model: string) => `Asking ${model}`,
      end: (model: string, _: number, __: number, ms: number) =>
        `${model} answered after ${shortDuration(ms)}`,
    },
    {
      start: (model: string, prompt: number) => `LLM request to ${model}, ${prompt} tokens`,
      end: (model: string, _: number, completion: number) =>
        `LLM response from ${model}, ${completion} tokens`,
    },
    {
      start: null,
      end: (model: string, prompt: number, completion: number, ms: number) =>
        `completion model=${model} prompt_tokens=${prompt} completion_tokens=${completion} latency_ms=${Math.round(ms)}`,
    },
    {
      start: (model: string) => `Prompting ${model}`,
      end: (_: string, prompt: number, completion: number) => `Tokens used: ${prompt} in, ${completion} out`,
    },
  ]);
}

function retrievalWords(random: Random): Dialect['retrieved'] {
  return random.pick([
    (query: string, documents: number) => `Found ${documents} documents for '${query}'`,
    (_: string, documents: number, ms: number) => `retrieval took ${Math.round(ms)} ms, ${documents} chunks`,
    (query: string, documents: number) => `knowledge base: ${documents} matches (${query})`,
  ]);
}
