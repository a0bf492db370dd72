import type { Step, ToolCall } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';

/** Names that one team gives its events. */
interface Names {
  start: string;
  llmStart: string | null;
  llmEnd: string;
  call: string;
  result: string;
  toolError: string;
  retrieval: string;
  decision: string;
  thought: string | null;
  answer: string;
  error: string;
  tool: string;
  input: string;
  output: string;
  duration: string;
}

const NAMES: Names[] = [
  {
    start: 'agent_start',
    llmStart: 'llm_start',
    llmEnd: 'llm_end',
    call: 'tool_call',
    result: 'tool_result',
    toolError: 'tool_error',
    retrieval: 'retrieval',
    decision: 'decision',
    thought: 'agent_thought',
    answer: 'agent_finish',
    error: 'error',
    tool: 'tool_name',
    input: 'tool_input',
    output: 'tool_output',
    duration: 'duration_ms',
  },
  {
    start: 'request.received',
    llmStart: null,
    llmEnd: 'llm.completed',
    call: 'tool.started',
    result: 'tool.completed',
    toolError: 'tool.failed',
    retrieval: 'search.completed',
    decision: 'route.selected',
    thought: null,
    answer: 'response.sent',
    error: 'request.failed',
    tool: 'tool',
    input: 'args',
    output: 'result',
    duration: 'elapsed_ms',
  },
  {
    start: 'run started',
    llmStart: 'calling model',
    llmEnd: 'model answered',
    call: 'executing tool',
    result: 'tool finished',
    toolError: 'tool raised',
    retrieval: 'documents retrieved',
    decision: 'branch taken',
    thought: 'reasoning',
    answer: 'run finished',
    error: 'run failed',
    tool: 'tool',
    input: 'input',
    output: 'output',
    duration: 'latency_ms',
  },
];

/** An agent with a structured logger: events with fields. An agent keeps to one set of names. */
export const structured: Framework = (run) => {
  const { plan, random, style } = run;
  const names = style.pick(NAMES);
  const print = new Printer(run, style.pick(['agent', 'agent.runtime']));
  print.log('start', names.start, { fields: { question: plan.question, model: plan.model } });
  print.wait(moment(random));
  printSteps(run, names, print, plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', names.error, {
      level: 'ERROR',
      fields: { error: message, exc_info: traceback(random, type, message).join('\n') },
    });
  }
  if (plan.ending === 'answer')
    print.log('answer', names.answer, {
      fields: {
        output: plan.answer,
        [names.duration]: Math.round(print.records.reduce((sum, { afterMs }) => sum + afterMs, 0)),
      },
    });
  return print.records;
};

function printSteps(run: Run, names: Names, print: Printer, steps: Step[]): void {
  const { plan } = run;
  for (const step of steps) {
    switch (step.kind) {
      case 'llm':
        if (names.llmStart)
          print.log('llm', names.llmStart, { level: 'DEBUG', fields: { model: plan.model } });
        print.wait(step.ms);
        print.library(plan.model);
        if (step.error)
          print.log('error', 'model call failed', { level: 'WARNING', fields: { error: step.error } });
        else
          print.log('llm', names.llmEnd, {
            fields: {
              model: plan.model,
              prompt_tokens: step.promptTokens,
              completion_tokens: step.completionTokens,
              [names.duration]: Math.round(step.ms),
            },
          });
        break;
      case 'think':
        if (names.thought) print.log('thought', names.thought, { fields: { reasoning: step.text } });
        break;
      case 'tools':
        printCalls(names, print, step.calls);
        break;
      case 'retrieve':
        print.wait(step.ms);
        print.log('retrieval', names.retrieval, {
          fields: { query: step.query, documents: step.documents, [names.duration]: Math.round(step.ms) },
        });
        break;
      case 'decide':
        print.log('decision', names.decision, { fields: { decision: step.text } });
        break;
      case 'note':
        print.log('note', step.text);
        break;
      case 'delegate':
        print.log('call', 'delegating', { fields: { to: step.to, task: step.task } });
        printSteps(run, names, print, step.steps);
        print.log('result', 'delegate answered', { fields: { from: step.to, [names.output]: step.answer } });
        break;
    }
  }
}

function printCalls(names: Names, print: Printer, calls: ToolCall[]): void {
  const callId = (call: ToolCall) =>
    calls.length > 1 || names.llmStart === null ? { call_id: call.id } : {};
  for (const call of calls)
    print.log('call', names.call, {
      fields: { [names.tool]: call.tool, [names.input]: call.input, ...callId(call) },
    });
  let waitedMs = 0;
  for (const call of calls.toSorted((a, b) => a.ms - b.ms)) {
    print.wait(call.ms - waitedMs);
    waitedMs = call.ms;
    const fields = { [names.tool]: call.tool, [names.duration]: Math.round(call.ms), ...callId(call) };
    if (call.error === null)
      print.log('result', names.result, { fields: { ...fields, [names.output]: call.output } });
    else print.log('error', names.toolError, { level: 'ERROR', fields: { ...fields, error: call.error } });
  }
}
