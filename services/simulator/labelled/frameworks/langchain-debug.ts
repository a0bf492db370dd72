import type { Step } from '../plan.js';
import { drawException, type Framework, Printer, type Run, traceback } from '../printed.js';
import { shortDuration } from './values.js';

/** `set_debug(True)`: every run of the tree announces itself with its path, inputs and outputs as JSON over several lines. */
export const langchainDebug: Framework = (run) => {
  const print = new Printer(run, 'langchain');
  const tree = new RunTree(print, run);
  const { plan, random } = run;
  const coloured = run.style.chance(0.7);
  tree.coloured = coloured;
  const root = run.style.pick(['AgentExecutor', 'RunnableSequence', 'LangGraph']);
  tree.enter('chain', root, { input: plan.question });
  tree.steps(plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    tree.fail(`${type}('${message}')`);
    print.out('error', traceback(random, type, message).join('\n'));
  }
  if (plan.ending === 'answer') tree.exit({ output: plan.answer });
  return print.records;
};

interface Open {
  label: string;
  type: string;
  ms: number;
}

class RunTree {
  coloured = true;
  private readonly open: Open[] = [];
  private count = 0;

  constructor(
    private readonly print: Printer,
    private readonly run: Run,
  ) {}

  enter(type: string, name: string, input: unknown): void {
    this.open.push({ label: `${++this.count}:${type}:${name}`, type, ms: 0 });
    this.write(type, 'start', `Entering ${titled(type)} run with input:`, input);
  }

  exit(output: unknown): void {
    const { type, ms } = this.open.at(-1)!;
    this.write(type, 'end', `[${shortDuration(ms)}] Exiting ${titled(type)} run with output:`, output);
    this.open.pop();
  }

  fail(message: string): void {
    const { type, ms } = this.open.at(-1)!;
    this.write(type, 'error', `[${shortDuration(ms)}] ${titled(type)} run errored with error:`, message);
  }

  steps(steps: Step[]): void {
    const { plan, random } = this.run;
    let thought = '';
    for (const step of steps) {
      switch (step.kind) {
        case 'llm':
          this.enter('llm', 'ChatOpenAI', {
            prompts: [`Human: ${plan.question}${thought ? `\nAI: ${thought}` : ''}`],
          });
          this.wait(step.ms);
          this.print.library(plan.model);
          if (step.error) {
            this.fail(step.error);
            this.open.pop();
          } else
            this.exit({
              generations: [[{ text: thought || plan.question, generation_info: { finish_reason: 'stop' } }]],
              llm_output: {
                token_usage: {
                  prompt_tokens: step.promptTokens,
                  completion_tokens: step.completionTokens,
                  total_tokens: step.promptTokens + step.completionTokens,
                },
                model_name: plan.model,
              },
            });
          break;
        case 'think':
          thought = step.text;
          break;
        case 'tools':
          for (const call of step.calls) {
            this.enter('tool', call.tool, JSON.stringify(call.input));
            this.wait(call.ms);
            if (call.error) {
              this.fail(call.error);
              this.open.pop();
            } else this.exit(call.output);
          }
          break;
        case 'retrieve':
          this.enter('retriever', 'VectorStoreRetriever', { query: step.query });
          this.wait(step.ms);
          this.exit({ documents: step.documents });
          break;
        case 'decide':
        case 'note':
          this.print.log(step.kind === 'note' ? 'note' : 'decision', step.text);
          break;
        case 'delegate':
          this.enter('chain', random.pick(['LLMChain', 'RunnableLambda']), { input: step.task });
          this.steps(step.steps);
          this.exit({ text: step.answer });
          break;
      }
    }
  }

  private wait(ms: number): void {
    this.print.wait(ms);
    for (const one of this.open) one.ms += ms;
  }

  private write(type: string, what: 'start' | 'end' | 'error', sentence: string, value: unknown): void {
    const path = this.open.map(({ label }) => label).join(' > ');
    const body = typeof value === 'string' ? `"${value}"` : JSON.stringify(value, null, 2);
    const colour = { start: '32;1m', end: '36;1m', error: '31;1m' }[what];
    const head = this.coloured
      ? `\x1b[${colour}\x1b[1;3m[${type}/${what}]\x1b[0m \x1b[1m[${path}] ${sentence}\n\x1b[0m`
      : `[${type}/${what}] [${path}] ${sentence}\n`;
    const kinds = { llm: 'llm', tool: what === 'start' ? 'call' : 'result', retriever: 'retrieval' } as const;
    const kind =
      what === 'error'
        ? 'error'
        : type === 'chain'
          ? what === 'start'
            ? 'start'
            : 'end'
          : kinds[type as keyof typeof kinds];
    this.print.out(kind, head + body);
  }
}

const titled = (type: string): string => (type === 'llm' ? 'LLM' : type[0]!.toUpperCase() + type.slice(1));
