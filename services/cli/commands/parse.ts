import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadAppConfig } from '../../../lib/config/app-config.js';
import { loadRules } from '../../processor/adapters/rule-files.js';
import { settingsOf } from '../../processor/core/parse/settings.js';
import { splitLines } from '../lines.js';
import { LineParser, type ParsedLine } from '../parse-lines.js';

/** `vectadb parse`: what the parser makes of lines, one JSON object a line. No broker, no store. */
export function register(program: Command): void {
  program
    .command('parse')
    .description(
      'read log lines (text, or JSON objects with message and source) and print what they are, one JSON object a line',
    )
    .argument('[file]', 'file of lines; left out: standard input')
    .option(
      '-c, --config <file>',
      'config.yaml with rules of your own',
      process.env.VECTADB_CONFIG ?? 'config.yaml',
    )
    .option('--explain', 'add rule version, captures, strategy and what came from the stream')
    .action(async (file: string | undefined, options: { config: string; explain?: boolean }) => {
      const config = loadAppConfig(options.config);
      const rules = loadRules(config, {
        configPath: existsSync(options.config) ? options.config : undefined,
      });
      const parser = new LineParser(rules, settingsOf(config), Date.now(), options.explain ?? false);
      const input = file === undefined ? process.stdin : createReadStream(file);
      for await (const line of splitLines(input)) await print(parser.take(line.toString('utf8')));
      await print(parser.end());
    });
}

async function print(lines: ParsedLine[]): Promise<void> {
  if (lines.length === 0) return;
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
