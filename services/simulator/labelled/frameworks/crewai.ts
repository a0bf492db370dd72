import type { Step, ToolCall } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';
import { vocabulary } from '../vocabulary.js';

/** A crew with `verbose=True`: headings with `#`, older debug lines, or boxes. */
export const crewai: Framework = (run) => {
  const { plan, random, style: team } = run;
  const print = new Printer(run, 'crew.runner');
  const style = team.pick(['heading', 'debug', 'box'] as const);
  const crew = new Crew(run, print, style, team.pick(vocabulary().roles));
  if (team.chance(0.5)) print.log('start', `Crew kickoff: ${plan.question}`);
  crew.take(plan.question);
  crew.steps(plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', `Crew execution failed: ${message}`, { level: 'ERROR' });
    print.out('error', traceback(random, type, message).join('\n'));
  }
  if (plan.ending === 'answer') {
    crew.answer(plan.answer);
    if (team.chance(0.5)) print.log('end', `Crew finished in ${plan.steps.length} steps`);
  }
  return print.records;
};

type Style = 'heading' | 'debug' | 'box';

class Crew {
  constructor(
    private readonly run: Run,
    private readonly print: Printer,
    private readonly style: Style,
    private readonly role: string,
  ) {}

  take(task: string): void {
    if (this.style === 'heading') this.print.out('start', `# Agent: ${this.role}\n## Task: ${task}`);
    else if (this.style === 'debug') {
      this.print.out('start', `[DEBUG]: == Working Agent: ${this.role}`);
      this.print.out('start', ` [INFO]: == Starting Task: ${task}`);
    } else this.print.out('start', box('🤖 Agent Started', [`Agent: ${this.role}`, '', `Task: ${task}`]));
  }

  answer(text: string): void {
    if (this.style === 'heading') this.print.out('answer', `# Agent: ${this.role}\n## Final Answer: ${text}`);
    else if (this.style === 'debug')
      this.print.out('answer', `[DEBUG]: == [${this.role}] Task output: ${text}`);
    else
      this.print.out(
        'answer',
        box('✅ Agent Final Answer', [`Agent: ${this.role}`, '', 'Final Answer:', text]),
      );
  }

  steps(steps: Step[]): void {
    const { plan, random } = this.run;
    for (const [index, step] of steps.entries()) {
      switch (step.kind) {
        case 'llm':
          this.print.wait(step.ms);
          this.print.library(plan.model);
          if (step.error)
            this.print.log('error', `LiteLLM call failed: ${step.error}`, {
              level: 'ERROR',
              logger: 'LiteLLM',
            });
          break;
        case 'think': {
          const next = steps[index + 1];
          const call = next?.kind === 'tools' ? next.calls[0] : undefined;
          this.think(step.text, call);
          break;
        }
        case 'tools':
          for (const [at, call] of step.calls.entries()) {
            if (at > 0 || steps[index - 1]?.kind !== 'think') this.think('', call);
            this.print.wait(call.ms);
            this.result(call);
          }
          break;
        case 'retrieve':
          this.print.wait(step.ms);
          this.print.log('retrieval', `Knowledge search "${step.query}": ${step.documents} hits`);
          break;
        case 'decide':
          this.print.log('decision', `Next speaker chosen: ${step.text}`);
          break;
        case 'note':
          this.print.log('note', step.text);
          break;
        case 'delegate': {
          const coworker = new Crew(this.run, this.print, this.style, random.pick(vocabulary().roles));
          this.think('I should delegate this part', {
            id: '',
            tool: 'Delegate work to coworker',
            input: { coworker: step.to, task: step.task },
            output: '',
            ms: 0,
            error: null,
          });
          coworker.take(step.task);
          coworker.steps(step.steps);
          this.print.wait(moment(random));
          coworker.answer(step.answer);
          break;
        }
      }
    }
  }

  private think(thought: string, call: ToolCall | undefined): void {
    const kind = call ? 'call' : 'thought';
    const input = call && JSON.stringify(call.input);
    if (this.style === 'heading') {
      const lines = [`# Agent: ${this.role}`];
      if (thought) lines.push(`## Thought: ${thought}`);
      if (call)
        lines.push(`## Using tool: ${call.tool}`, '## Tool Input:', `"${input?.replace(/"/g, '\\"')}"`);
      this.print.out(kind, lines.join('\n'));
    } else if (this.style === 'debug') {
      const lines = [`Thought: ${thought || 'Do I need to use a tool? Yes'}`];
      if (call) lines.push(`Action: ${call.tool}`, `Action Input: ${input}`);
      this.print.out(kind, lines.join('\n'));
    } else {
      const lines = [`Agent: ${this.role}`, ''];
      if (thought) lines.push(`Thought: ${thought}`);
      if (call) lines.push(`Using Tool: ${call.tool}`, `Tool Input: ${input}`);
      this.print.out(kind, box(call ? '🔧 Agent Tool Execution' : '🤖 Agent', lines));
    }
  }

  private result({ error, output }: ToolCall): void {
    const kind = error ? 'error' : 'result';
    const text = error
      ? `I encountered an error while trying to use the tool. This was the error: ${error}`
      : output;
    if (this.style === 'heading') this.print.out(kind, `# Agent: ${this.role}\n## Tool Output:\n${text}`);
    else if (this.style === 'debug') this.print.out(kind, `Observation: ${text}`);
    else this.print.out(kind, box('Tool Output', [text]));
  }
}

function box(title: string, lines: string[]): string {
  const width = 100;
  const head = `╭${`─ ${title} `.padEnd(width - 2, '─')}╮`;
  const body = lines.flatMap((line) => line.split('\n')).map((line) => `│  ${line.padEnd(width - 6)}  │`);
  return [head, ...body, `╰${'─'.repeat(width - 2)}╯`].join('\n');
}
