import type { Plan, Step } from '../plan.js';
import { drawException, type Framework, Printer, type Run, traceback } from '../printed.js';
import { pythonRepr } from './values.js';

/** A team of AutoGen: AgentChat's console, or the older `user (to assistant):` dialogue. */
export const autogen: Framework = (run) => {
  const { plan, random, style } = run;
  const print = new Printer(run, 'autogen_core');
  const chat = style.chance(0.6) ? new Console(run, print) : new Dialogue(run, print);
  chat.say('start', 'user', plan.question);
  chat.steps(plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.out('error', ['Error processing publish message', ...traceback(random, type, message)].join('\n'));
  }
  if (plan.ending === 'answer') chat.finish(plan);
  return print.records;
};

abstract class Chat {
  constructor(
    protected readonly run: Run,
    protected readonly print: Printer,
  ) {}

  abstract say(kind: 'start' | 'thought' | 'answer' | 'decision' | 'result', who: string, text: string): void;
  abstract finish(plan: Plan): void;
  protected abstract tools(step: Extract<Step, { kind: 'tools' }>): void;

  steps(steps: Step[]): void {
    const { plan } = this.run;
    for (const step of steps) {
      switch (step.kind) {
        case 'llm':
          this.print.wait(step.ms);
          this.print.library(plan.model);
          if (step.error)
            this.print.log('error', `${step.error}, retrying`, {
              level: 'WARNING',
              logger: 'openai._base_client',
            });
          else if (this.run.random.chance(0.3))
            this.print.log(
              'llm',
              JSON.stringify({
                type: 'LLMCall',
                prompt_tokens: step.promptTokens,
                completion_tokens: step.completionTokens,
              }),
              { logger: 'autogen_core.events' },
            );
          break;
        case 'think':
          this.say('thought', 'assistant', step.text);
          break;
        case 'tools':
          this.tools(step);
          break;
        case 'retrieve':
          this.print.wait(step.ms);
          this.print.log('retrieval', `memory query "${step.query}" returned ${step.documents} items`);
          break;
        case 'decide':
          this.print.log('decision', `Selected next speaker: ${step.text}`);
          break;
        case 'note':
          this.print.log('note', step.text);
          break;
        case 'delegate':
          this.say(
            'decision',
            'assistant',
            `Transferred to ${step.to}, adopting the role of ${step.to} immediately.`,
          );
          this.steps(step.steps);
          this.say('result', step.to, step.answer);
          break;
      }
    }
  }
}

class Console extends Chat {
  say(kind: Parameters<Chat['say']>[0], who: string, text: string): void {
    this.print.out(kind, `---------- TextMessage (${who}) ----------\n${text}`);
  }

  protected tools({ calls }: Extract<Step, { kind: 'tools' }>): void {
    const requests = calls.map(
      ({ id, tool, input }) =>
        `FunctionCall(id='${id}', arguments='${JSON.stringify(input)}', name='${tool}')`,
    );
    this.print.out(
      'call',
      `---------- ToolCallRequestEvent (assistant) ----------\n[${requests.join(', ')}]`,
    );
    this.print.wait(Math.max(...calls.map(({ ms }) => ms)));
    const results = calls.map(
      ({ id, tool, output, error }) =>
        `FunctionExecutionResult(content=${pythonRepr(error ?? output)}, name='${tool}', call_id='${id}', is_error=${error ? 'True' : 'False'})`,
    );
    this.print.out(
      calls.some(({ error }) => error) ? 'error' : 'result',
      `---------- ToolCallExecutionEvent (assistant) ----------\n[${results.join(', ')}]`,
    );
  }

  finish(plan: Plan): void {
    this.say('answer', 'assistant', `${plan.answer} TERMINATE`);
    if (this.run.random.chance(0.5)) {
      const llm = plan.steps.filter((step) => step.kind === 'llm');
      const sum = (of: 'promptTokens' | 'completionTokens') =>
        llm.reduce((total, step) => total + step[of], 0);
      this.print.out(
        'end',
        `---------- Summary ----------\nNumber of messages: ${plan.steps.length}\nFinish reason: Text 'TERMINATE' mentioned\nTotal prompt tokens: ${sum('promptTokens')}\nTotal completion tokens: ${sum('completionTokens')}`,
      );
    }
  }
}

const RULE = '-'.repeat(80);

class Dialogue extends Chat {
  say(kind: Parameters<Chat['say']>[0], who: string, text: string): void {
    const to = who === 'user' ? 'assistant' : 'user';
    this.print.out(kind, `${who} (to ${to}):\n\n${text}\n\n${RULE}`);
  }

  protected tools({ calls }: Extract<Step, { kind: 'tools' }>): void {
    for (const { id, tool, input, output, error, ms } of calls) {
      this.print.out(
        'call',
        `assistant (to user):\n\n***** Suggested tool call (${id}): ${tool} *****\nArguments: \n${JSON.stringify(input)}\n${'*'.repeat(48)}\n\n${RULE}`,
      );
      this.print.out('call', `\n>>>>>>>> EXECUTING FUNCTION ${tool}...`);
      this.print.wait(ms);
      this.print.out(
        error ? 'error' : 'result',
        `user (to assistant):\n\n***** Response from calling tool (${id}) *****\n${error ?? output}\n${'*'.repeat(54)}\n\n${RULE}`,
      );
    }
  }

  finish(plan: Plan): void {
    this.say('answer', 'assistant', `${plan.answer}\nTERMINATE`);
  }
}
