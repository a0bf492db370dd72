import type { Step, ToolCall } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';

const LOGGER = 'openai.agents';

/** The OpenAI Agents SDK with its debug log on: turns, tools and handoffs of a runner. */
export const openaiAgents: Framework = (run) => {
  const { plan, random, agent, style } = run;
  const print = new Printer(run, 'app');
  const debug = (kind: Parameters<Printer['log']>[0], text: string) =>
    print.log(kind, text, { level: 'DEBUG', logger: LOGGER });
  const showsTrace = style.chance(0.5);
  if (showsTrace) debug('start', 'Creating trace Agent workflow');
  else print.log('start', `run requested: ${plan.question}`);
  debug('start', `Running agent ${agent} (turn 1)`);
  print.wait(moment(random));
  const turns = { count: 1 };
  printSteps(run, print, debug, plan.steps, agent, turns);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', `Error getting response: ${message}. (request_id: None)`, {
      level: 'ERROR',
      logger: LOGGER,
    });
    print.out('error', traceback(random, type, message).join('\n'));
  }
  if (plan.ending === 'answer') {
    debug(
      'answer',
      `LLM resp:\n${JSON.stringify([{ content: [{ text: plan.answer, type: 'output_text' }] }], null, 2)}`,
    );
    if (showsTrace) debug('end', 'Resetting current trace');
    else print.log('end', `run done after ${turns.count} turns: ${plan.answer}`);
  }
  return print.records;
};

function printSteps(
  run: Run,
  print: Printer,
  debug: (kind: Parameters<Printer['log']>[0], text: string) => void,
  steps: Step[],
  agent: string,
  turns: { count: number },
): void {
  const { plan } = run;
  for (const step of steps) {
    switch (step.kind) {
      case 'llm':
        debug(
          'llm',
          `Calling LLM ${plan.model} with input:\n${JSON.stringify([{ content: plan.question, role: 'user' }], null, 2)}`,
        );
        print.wait(step.ms);
        print.library(plan.model);
        if (step.error)
          print.log('error', `Error getting response: ${step.error}`, { level: 'ERROR', logger: LOGGER });
        else debug('llm', `LLM resp: ${step.completionTokens} output tokens`);
        break;
      case 'think':
        debug('thought', `Processing output item: reasoning "${step.text}"`);
        break;
      case 'tools':
        for (const call of step.calls)
          debug('call', `Invoking tool ${call.tool} with input ${JSON.stringify(call.input)}`);
        finishCalls(print, debug, step.calls);
        debug('llm', `Running agent ${agent} (turn ${++turns.count})`);
        break;
      case 'retrieve':
        debug('call', `Invoking tool file_search with input ${JSON.stringify({ query: step.query })}`);
        print.wait(step.ms);
        debug('retrieval', `Tool file_search returned ${step.documents} results`);
        break;
      case 'decide':
        print.log('decision', `guardrail passed: ${step.text}`);
        break;
      case 'note':
        print.log('note', step.text);
        break;
      case 'delegate':
        debug(
          'call',
          `Invoking tool transfer_to_${step.to} with input ${JSON.stringify({ task: step.task })}`,
        );
        debug('call', `Running agent ${step.to} (turn ${++turns.count})`);
        printSteps(run, print, debug, step.steps, step.to, turns);
        debug('result', `LLM resp: handing back: ${step.answer}`);
        break;
    }
  }
}

function finishCalls(
  print: Printer,
  debug: (kind: Parameters<Printer['log']>[0], text: string) => void,
  calls: ToolCall[],
): void {
  let waitedMs = 0;
  for (const call of calls.toSorted((a, b) => a.ms - b.ms)) {
    print.wait(call.ms - waitedMs);
    waitedMs = call.ms;
    if (call.error) print.log('error', `Tool ${call.tool} failed`, { level: 'ERROR', logger: LOGGER });
    else debug('result', `Tool ${call.tool} returned ${call.output}`);
  }
}
