import type { Command } from 'commander';
import { maskerOf } from '../../../lib/config/masking-file.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { settingsOf } from '../../processor/core/parse/settings.js';
import { renderExplained } from '../explain-view.js';
import { runCommand, writeText } from '../kafka-command.js';
import { inputLines } from '../lines.js';
import { LineParser } from '../parse-lines.js';
import type { ParsedLine } from '../parsed-line.js';
import { CONFIG_OPTION, readRules } from '../rules-command.js';

/** `vectadb parse`: what the parser makes of lines, one JSON object a line. No broker, no store. */
export function register(program: Command): void {
  program
    .command('parse')
    .description(
      'read log lines (text, or JSON objects with message and source) and print what they are, one JSON object a line',
    )
    .argument('[file]', 'file of lines; left out: standard input')
    .option(...CONFIG_OPTION)
    .option('--explain', 'add how each line came to be what it is, and which rules nearly matched')
    .option('--text', 'explain for people instead of programs')
    .action((file: string | undefined, options: { config: string; explain?: boolean; text?: boolean }) =>
      runCommand(async () => {
        const { config, rules } = readRules(options.config);
        const parser = new LineParser({
          codec: Codec.local(loadSchemas()),
          rules,
          masker: maskerOf(config.masking, options.config),
          settings: settingsOf(config),
          nowMs: Date.now(),
          explain: options.explain || options.text,
        });
        const show = options.text ? textOf : (line: ParsedLine) => JSON.stringify(line);
        for await (const line of await inputLines(file)) await print(parser.take(line), show);
        await print(parser.end(), show);
        return 0;
      }),
    );
}

const print = (lines: ParsedLine[], show: (line: ParsedLine) => string): Promise<void> =>
  writeText(lines.map((line) => `${show(line)}\n`).join(''));

const textOf = (line: ParsedLine): string => `${renderExplained(line)}\n`;
