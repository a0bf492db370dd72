import { uuid } from '../draw.js';
import type { Step } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';
import { pythonRepr } from './values.js';

/** A graph of LangGraph: its debug log of steps, or the banners and `Node '…':` lines of a streamed run. */
export const langgraph: Framework = (run) => {
  const { plan, random, style } = run;
  const print = new Printer(run, 'graph.app');
  const graph = style.chance(0.5) ? new DebugLog(run, print) : new Banners(run, print);
  graph.start();
  print.wait(moment(random));
  graph.steps(plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', `graph run failed: ${message}`, { level: 'ERROR' });
    print.out('error', traceback(random, type, message).join('\n'));
  }
  if (plan.ending === 'answer') graph.finish();
  return print.records;
};

abstract class Graph {
  constructor(
    protected readonly run: Run,
    protected readonly print: Printer,
  ) {}

  abstract start(): void;
  abstract finish(): void;
  /** A node ran; what it was given and what it wrote. */
  protected abstract before(node: string, state: Record<string, unknown>): void;
  protected abstract after(node: string, channel: string, value: string, failed?: boolean): void;

  steps(steps: Step[]): void {
    const { plan } = this.run;
    let thought = '';
    for (const step of steps) {
      switch (step.kind) {
        case 'llm':
          this.before('agent', { question: plan.question });
          this.print.wait(step.ms);
          this.print.library(plan.model);
          if (step.error) this.print.log('error', `model call failed: ${step.error}`, { level: 'WARNING' });
          break;
        case 'think':
          thought = step.text;
          this.after('agent', 'messages', thought);
          break;
        case 'tools':
          for (const call of step.calls) {
            this.before('tools', { name: call.tool, args: call.input, id: call.id });
            this.print.wait(call.ms);
            this.after('tools', 'messages', call.error ?? call.output, call.error !== null);
          }
          break;
        case 'retrieve':
          this.before('retrieve', { question: step.query });
          this.print.wait(step.ms);
          this.after('retrieve', 'documents', `${step.documents} documents`);
          break;
        case 'decide':
          this.print.out('decision', `---DECISION: ${step.text.toUpperCase()}---`);
          break;
        case 'note':
          this.print.log('note', step.text);
          break;
        case 'delegate':
          this.before(step.to, { task: step.task });
          this.steps(step.steps);
          this.after(step.to, 'messages', step.answer);
          break;
      }
    }
  }
}

class DebugLog extends Graph {
  private step = 0;

  start(): void {
    this.print.out(
      'start',
      `[0:tasks] Starting 1 task for step 0:\n- __start__ -> ${pythonRepr({ question: this.run.plan.question })}`,
    );
    this.print.out(
      'start',
      `[0:writes] Finished step 0 with writes to 1 channel:\n- question -> ${pythonRepr(this.run.plan.question)}`,
    );
  }

  finish(): void {
    this.step++;
    this.print.out(
      'answer',
      `[${this.step}:writes] Finished step ${this.step} with writes to 1 channel:\n- answer -> ${pythonRepr(this.run.plan.answer)}`,
    );
    this.print.out(
      'end',
      `[${this.step}:checkpoint] State at the end of step ${this.step}:\n${pythonRepr({ answer: this.run.plan.answer })}`,
    );
  }

  protected before(node: string, state: Record<string, unknown>): void {
    this.step++;
    this.print.out(
      'call',
      `[${this.step}:tasks] Starting 1 task for step ${this.step}:\n- ${node} -> ${pythonRepr(state)}`,
    );
  }

  protected after(_: string, channel: string, value: string, failed = false): void {
    this.print.out(
      failed ? 'error' : 'result',
      `[${this.step}:writes] Finished step ${this.step} with writes to 1 channel:\n- ${channel} -> ${pythonRepr(value)}`,
    );
  }
}

class Banners extends Graph {
  start(): void {
    const { plan, random, style } = this.run;
    if (style.chance(0.5)) this.print.log('start', `invoking graph for: ${plan.question}`);
    else this.print.log('start', `thread ${uuid(random).slice(0, 8)}: ${plan.question}`);
  }

  finish(): void {
    this.print.out('answer', '---GENERATE---');
    this.print.out('answer', `"Node 'generate':"`);
    this.print.out('answer', pythonRepr(this.run.plan.answer));
  }

  protected before(node: string, state: Record<string, unknown>): void {
    this.print.out('call', `---${node.toUpperCase()}---`);
    if (node === 'tools') this.print.out('call', pythonRepr(state));
  }

  protected after(node: string, _: string, value: string, failed = false): void {
    this.print.out(failed ? 'error' : 'result', `"Node '${node}':"`);
    this.print.out(failed ? 'error' : 'result', pythonRepr(value));
  }
}
