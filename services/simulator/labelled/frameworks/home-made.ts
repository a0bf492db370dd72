import type { Random } from '../../../../lib/testing/random.js';
import type { Step, ToolCall } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';
import { composedDialect } from './composed.js';
import { type Dialect, WRITTEN } from './dialects.js';

/** A wording that was written whole, or one put together from what others say. */
const dialectOf = (style: Random, agent: string): Dialect =>
  style.chance(0.35) ? style.pick(WRITTEN) : composedDialect(style, agent);

/** Agents without a framework: a loop that logs as its authors thought fit. */
export const homeMade: Framework = (run) => {
  const { plan, random, agent, style } = run;
  const dialect = dialectOf(style, agent);
  const print = new Printer(run, style.pick(['agent', 'app.agent', 'agent.loop']));
  print.log('start', dialect.start(plan));
  print.wait(moment(random));
  printSteps(run, dialect, print, plan.steps);
  const totalMs = print.records.reduce((sum, { afterMs }) => sum + afterMs, 0);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', [dialect.failed(message), ...traceback(random, type, message)].join('\n'), {
      level: 'ERROR',
    });
  }
  if (plan.ending === 'answer') {
    const answer = dialect.answer(plan.answer);
    if (answer) print.log('answer', answer);
    const end = dialect.end(totalMs);
    if (end) print.log('end', end);
  }
  return print.records;
};

function printSteps(run: Run, dialect: Dialect, print: Printer, steps: Step[]): void {
  const { plan, random } = run;
  const say = (
    kind: Parameters<Printer['log']>[0],
    text: string | null,
    level: 'INFO' | 'DEBUG' | 'ERROR' = 'INFO',
  ) => {
    if (text !== null) print.log(kind, text, { level });
  };
  for (const step of steps) {
    switch (step.kind) {
      case 'llm':
        say('llm', dialect.llmStart(plan.model, step.promptTokens), 'DEBUG');
        print.wait(step.ms);
        print.library(plan.model);
        if (step.error) print.log('error', `LLM error: ${step.error}`, { level: 'WARNING' });
        else say('llm', dialect.llmEnd(plan.model, step.promptTokens, step.completionTokens, step.ms));
        break;
      case 'think':
        say('thought', dialect.thought(step.text));
        break;
      case 'tools':
        printCalls(random, dialect, print, step.calls);
        break;
      case 'retrieve':
        print.wait(step.ms);
        say('retrieval', dialect.retrieved(step.query, step.documents, step.ms));
        break;
      case 'decide':
        say('decision', dialect.decision(step.text));
        break;
      case 'note':
        say('note', step.text);
        break;
      case 'delegate':
        say('call', dialect.delegate(step.to, step.task));
        printSteps(run, dialect, print, step.steps);
        say('result', `${step.to}: ${step.answer}`);
        break;
    }
  }
}

function printCalls(random: Random, dialect: Dialect, print: Printer, calls: ToolCall[]): void {
  for (const call of calls) print.log('call', dialect.call(call));
  let waitedMs = 0;
  for (const call of calls.toSorted((a, b) => a.ms - b.ms)) {
    print.wait(call.ms - waitedMs);
    waitedMs = call.ms;
    if (call.error === null) print.log('result', dialect.result(call));
    else {
      const stack = random.chance(0.3) ? `\n${traceback(random, 'ToolError', call.error).join('\n')}` : '';
      print.log('error', dialect.failure(call) + stack, { level: 'ERROR' });
    }
  }
}
