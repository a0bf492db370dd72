import { uuid } from '../draw.js';
import type { Step } from '../plan.js';
import { drawException, type Framework, moment, Printer, type Run, traceback } from '../printed.js';
import { pythonRepr, shortDuration } from './values.js';

/** A ReAct agent, a workflow or a query engine of LlamaIndex. */
export const llamaindex: Framework = (run) => {
  const { plan, random } = run;
  const style = run.style.pick(['react', 'functions', 'engine'] as const);
  const print = new Printer(run, 'llama_index.core');
  if (style === 'react') print.out('start', `> Running step ${uuid(random)}. Step input: ${plan.question}`);
  else if (style === 'functions') print.out('start', `Added user message to memory: ${plan.question}`);
  else print.log('start', `Query: ${plan.question}`, { logger: 'llama_index.core.query_engine' });
  print.wait(moment(random));
  printSteps(run, print, style, plan.steps);
  if (plan.ending === 'crash') {
    const { type, message } = drawException(random);
    print.log('error', [`query failed`, ...traceback(random, type, message)].join('\n'), { level: 'ERROR' });
  }
  if (plan.ending === 'answer') finish(run, print, style);
  return print.records;
};

type Style = 'react' | 'functions' | 'engine';

function finish({ plan, random }: Run, print: Printer, style: Style): void {
  if (style === 'react') {
    print.out(
      'answer',
      `\x1b[1;3;38;5;200mThought: I can answer without using any more tools. I'll use the user's language to answer\nAnswer: ${plan.answer}\n\x1b[0m`,
    );
  } else if (style === 'functions') print.out('answer', `=== LLM Response ===\n${plan.answer}`);
  else {
    print.log('answer', `Synthesizing response from ${1 + random.below(4)} sources`, {
      logger: 'llama_index.core.response_synthesizers',
    });
    print.wait(900);
    print.log('end', `Response: ${plan.answer}`, { logger: 'llama_index.core.query_engine' });
  }
}

function printSteps(run: Run, print: Printer, style: Style, steps: Step[]): void {
  const { plan } = run;
  for (const [index, step] of steps.entries()) {
    switch (step.kind) {
      case 'llm':
        print.wait(step.ms);
        print.library(plan.model);
        if (step.error) print.log('error', `LLM call failed: ${step.error}; retrying`, { level: 'WARNING' });
        else if (style === 'engine')
          print.log(
            'llm',
            `> [query] Total LLM token usage: ${step.promptTokens + step.completionTokens} tokens`,
            {
              logger: 'llama_index.token_counter.token_counter',
            },
          );
        break;
      case 'think': {
        const next = steps[index + 1];
        const call = next?.kind === 'tools' ? next.calls[0] : undefined;
        if (style === 'react') {
          const action = call ? `\nAction: ${call.tool}\nAction Input: ${pythonRepr(call.input)}` : '';
          print.out('thought', `\x1b[1;3;38;5;200mThought: ${step.text}${action}\n\x1b[0m`);
        } else if (style === 'engine') print.log('thought', step.text, { level: 'DEBUG' });
        break;
      }
      case 'tools':
        for (const [at, call] of step.calls.entries()) {
          const isAnnounced = style === 'react' && at === 0 && steps[index - 1]?.kind === 'think';
          if (style === 'functions')
            print.out(
              'call',
              `=== Calling Function ===\nCalling function: ${call.tool} with args: ${JSON.stringify(call.input)}`,
            );
          else if (style === 'engine')
            print.log(
              'call',
              `Selecting query engine ${at}: ${call.tool} fits, asked with ${pythonRepr(call.input)}`,
              {
                logger: 'llama_index.core.query_engine.router_query_engine',
              },
            );
          else if (!isAnnounced)
            print.out('call', `Action: ${call.tool}\nAction Input: ${pythonRepr(call.input)}`);
          print.wait(call.ms);
          const output = call.error ? `Error: ${call.error}` : call.output;
          const kind = call.error ? 'error' : 'result';
          if (style === 'functions') print.out(kind, `Got output: ${output}\n========================\n`);
          else if (style === 'react') print.out(kind, `\x1b[1;3;34mObservation: ${output}\n\x1b[0m`);
          else print.log(kind, `${call.tool} returned in ${shortDuration(call.ms)}: ${output}`);
        }
        break;
      case 'retrieve':
        print.wait(step.ms);
        print.log('retrieval', `Retrieved ${step.documents} documents`, {
          logger: 'llama_index.core.retrievers',
        });
        break;
      case 'decide':
        print.log('decision', `Router decision: ${step.text}`);
        break;
      case 'note':
        print.log('note', step.text);
        break;
      case 'delegate':
        print.out(
          'call',
          `Generated 1 sub questions.\n\x1b[1;3;38;2;237;90;200m[${step.to}] Q: ${step.task}\n\x1b[0m`,
        );
        printSteps(run, print, style, step.steps);
        print.out('result', `\x1b[1;3;38;2;237;90;200m[${step.to}] A: ${step.answer}\n\x1b[0m`);
        break;
    }
  }
}
