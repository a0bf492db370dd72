import type { Command } from 'commander';
import { maskerOf } from '../../../lib/config/masking-file.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { Analysis, type LineOutcome } from '../analysis.js';
import { renderSummary, summarise } from '../analysis-summary.js';
import { renderTraces } from '../analysis-view.js';
import { runCommand, wholeNumber, writeLine, writeText } from '../kafka-command.js';
import { inputLines } from '../lines.js';
import { continuesEvent, noEvent, type ParsedLine, parsedLine } from '../parsed-line.js';
import { CONFIG_OPTION, readPrices, readRules } from '../rules-command.js';

/** What `vectadb analyze --json` prints for one line of input: that of `parse`, with the trace it is in at last. */
export interface AnalyzedLine extends ParsedLine {
  event_id: string | null;
  strategy: 1 | 2 | 3 | 4 | null;
}

interface Options {
  config: string;
  json?: boolean;
  traces: string;
  events: string;
}

const WRITE_CHARS = 64 * 1024;

/** `vectadb analyze`: the traces in a log file, found in one process. */
export function register(program: Command): void {
  program
    .command('analyze')
    .description(
      'find the traces in a log file: lines of text, or JSON objects with message and source; nothing else is needed',
    )
    .argument('[file]', 'file of lines; left out: standard input')
    .option(...CONFIG_OPTION)
    .option('--json', 'one object a line of input, in its order: what the line is and the trace it is in')
    .option('--traces <n>', 'traces shown; 0: all', '20')
    .option('--events <n>', 'events shown of each trace; 0: all', '200')
    .action((file: string | undefined, options: Options) =>
      runCommand(async () => {
        const limits = {
          traces: limitOf('--traces', options.traces),
          events: limitOf('--events', options.events),
        };
        const { config, rules } = readRules(options.config);
        const codec = Codec.local(loadSchemas());
        const analysis = new Analysis({
          codec,
          rules,
          config,
          masker: maskerOf(config.masking, options.config),
          nowMs: Date.now(),
        });
        for await (const line of await inputLines(file)) analysis.take(line);
        analysis.end();
        if (options.json) await printLines(analysis);
        else {
          for (const tree of renderTraces(analysis, limits, readPrices(options.config, config)))
            await writeLine(`${tree}\n`);
          await writeLine(renderSummary(summarise(analysis)));
        }
        analysis.close();
        return 0;
      }),
    );
}

async function printLines(analysis: Analysis): Promise<void> {
  let text = '';
  for (const outcome of analysis.lines()) {
    text += `${JSON.stringify(analyzedLine(analysis, outcome))}\n`;
    if (text.length < WRITE_CHARS) continue;
    await writeText(text);
    text = '';
  }
  await writeText(text);
}

function analyzedLine(analysis: Analysis, { event, fate, refused }: LineOutcome): AnalyzedLine {
  if (event === null) return { ...noEvent(refused), event_id: null, strategy: null };
  const { event_id, strategy } = event;
  return { ...parsedLine(analysis.eventOf(event), continuesEvent(fate)), event_id, strategy };
}

/** 0 stands for all. */
const limitOf = (option: string, text: string): number =>
  wholeNumber(option, text) || Number.POSITIVE_INFINITY;
