import type { Step, ToolCall } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';
import { pythonRepr } from './values.js';

const COLOURS = ['36;1m\x1b[1;3m', '33;1m\x1b[1;3m', '38;5;200m\x1b[1;3m'];

/** `verbose=True`: an AgentExecutor's dialogue on stdout, with or without colours, as ReAct text or as function calls. */
export const langchainVerbose: Framework = (run) => {
  const { plan, random, style } = run;
  const print = new Printer(run, 'agent.service');
  const dialogue = new Dialogue(run, print, style.chance(0.6), style.chance(0.3));
  if (style.chance(0.6)) {
    print.log('start', style.pick([`Received question: ${plan.question}`, `user asked: ${plan.question}`]));
    print.wait(moment(random));
  }
  dialogue.open('AgentExecutor');
  dialogue.steps(plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.wait(moment(random));
    if (random.chance(0.5)) print.log('error', `Agent run failed: ${message}`, { level: 'ERROR' });
    print.out('error', traceback(random, type, message).join('\n'));
  }
  if (plan.ending === 'answer') {
    dialogue.answer(plan.answer);
    dialogue.close();
    if (style.chance(0.4))
      print.log('end', style.pick(['Response sent', `Answered in ${plan.steps.length} steps`]));
  }
  return print.records;
};

class Dialogue {
  private thoughtIsOpen = false;
  private calls = 0;

  constructor(
    private readonly run: Run,
    private readonly print: Printer,
    private readonly coloured: boolean,
    private readonly functions: boolean,
  ) {}

  open(chain: string): void {
    this.print.out('start', `${this.paint('1m', `> Entering new ${chain} chain...`)}`);
  }

  close(): void {
    this.print.out('end', this.paint('1m', '> Finished chain.'));
  }

  answer(text: string): void {
    if (this.functions) {
      this.print.out('answer', this.paint('32;1m\x1b[1;3m', text));
      return;
    }
    const thought = this.thoughtIsOpen ? 'Thought: I now know the final answer\n' : '';
    this.print.out('answer', this.paint('32;1m\x1b[1;3m', `${thought}Final Answer: ${text}`));
  }

  steps(steps: Step[]): void {
    const { random, plan, agent } = this.run;
    for (const [index, step] of steps.entries()) {
      switch (step.kind) {
        case 'llm':
          this.print.wait(step.ms);
          this.print.library(plan.model);
          if (step.error)
            this.print.log(
              'error',
              `Retrying langchain_openai.chat_models.base in 4.0 seconds as it raised ${step.error}`,
              {
                level: 'WARNING',
                logger: 'langchain_openai.chat_models.base',
              },
            );
          break;
        case 'think': {
          // the model writes thought, action and input in one go
          const next = steps[index + 1];
          const call = next?.kind === 'tools' ? next.calls[0] : undefined;
          if (this.functions) break;
          const lines = [
            this.thoughtIsOpen || random.chance(0.5) ? `Thought: ${step.text}` : ` ${step.text}`,
          ];
          if (call) lines.push(`Action: ${call.tool}`, `Action Input: ${JSON.stringify(call.input)}`);
          this.print.out('thought', this.paint('32;1m\x1b[1;3m', lines.join('\n')));
          this.thoughtIsOpen = true;
          break;
        }
        case 'tools':
          for (const call of step.calls)
            this.call(call, steps[index - 1]?.kind === 'think' && call === step.calls[0]);
          break;
        case 'retrieve':
          this.print.wait(step.ms);
          this.print.log('retrieval', `Retrieved ${step.documents} documents for query "${step.query}"`);
          break;
        case 'decide':
          this.print.log('decision', `Decision: ${step.text}`);
          break;
        case 'note':
          this.print.log('note', step.text);
          break;
        case 'delegate': {
          const inner = new Dialogue(this.run, this.print, this.coloured, this.functions);
          this.print.log('call', `${agent} hands a part over to ${step.to}: ${step.task}`);
          inner.open('LLMChain');
          inner.steps(step.steps);
          this.print.wait(moment(random));
          inner.answer(step.answer);
          inner.close();
          break;
        }
      }
    }
  }

  private call(call: ToolCall, isAnnounced: boolean): void {
    if (this.functions) {
      const invoking = `Invoking: \`${call.tool}\` with \`${pythonRepr(call.input)}\``;
      this.print.out('call', this.paint('32;1m\x1b[1;3m', `\n${invoking}\n\n`));
    } else if (!isAnnounced) {
      const lines = `Action: ${call.tool}\nAction Input: ${JSON.stringify(call.input)}`;
      this.print.out('call', this.paint('32;1m\x1b[1;3m', lines));
    }
    this.print.wait(call.ms);
    const output = call.error ? `Error: ${call.error}` : call.output;
    const label = this.functions ? '' : 'Observation: ';
    const colour = COLOURS[this.calls++ % COLOURS.length]!;
    this.print.out(call.error ? 'error' : 'result', `${label}${this.paint(colour, output)}`);
  }

  private paint(code: string, text: string): string {
    return this.coloured ? `\x1b[${code}${text}\x1b[0m` : text;
  }
}
