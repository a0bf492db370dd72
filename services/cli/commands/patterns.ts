import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { projectRoot } from '../../../lib/config/root.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { Codec } from '../../../lib/model/codec.js';
import { rulesToTest, type TestedRule } from '../../processor/adapters/rule-test-files.js';
import { sampleFaults } from '../../processor/core/parse/rule-tests.js';
import { settingsOf } from '../../processor/core/parse/settings.js';
import type { CompiledRule } from '../../processor/core/rules/rule-types.js';
import { RuleSuggester } from '../../processor/core/suggest/rule-suggester.js';
import { runCommand, table, wholeNumber, writeLine, writeText } from '../kafka-command.js';
import { inputLines } from '../lines.js';
import { LineParser } from '../parse-lines.js';
import { type ParsedLine, unreadTexts } from '../parsed-line.js';
import { withReference } from '../patterns-docs.js';
import { CONFIG_OPTION, readRules } from '../rules-command.js';
import { originOf, renderFault, sampleOrigin } from '../sample-view.js';
import { renderSuggestions } from '../suggested-rules.js';

/** `vectadb patterns list | test | suggest | docs`. */
export function register(program: Command): void {
  const patterns = program.command('patterns').description('the rules that lines are read by');
  patterns
    .command('list')
    .description('every rule, in the order in which they are tried')
    .option(...CONFIG_OPTION)
    .option('--json', 'for scripts')
    .action((options: { config: string; json?: boolean }) =>
      runCommand(() => list(readRules(options.config).rules.all(), options.json)),
    );
  patterns
    .command('test')
    .description(
      'read the sample lines of rules and compare what comes of them; exit code 1 where something differs',
    )
    .argument('<file...>', 'rule files, or config.yaml')
    .option('--json', 'for scripts')
    .action((files: string[], options: { json?: boolean }) =>
      runCommand(() => test(rulesToTest(files), options.json)),
    );
  patterns
    .command('docs')
    .description('docs/patterns.md with its reference as patterns/*.yaml are')
    .option('--write', 'write the file instead of printing it')
    .action((options: { write?: boolean }) =>
      runCommand(async () => {
        const path = join(projectRoot(), 'docs/patterns.md');
        const text = withReference(readFileSync(path, 'utf8'));
        if (options.write) writeFileSync(path, text);
        else await writeText(text);
        return 0;
      }),
    );
  patterns
    .command('suggest')
    .description(
      'cluster the lines that no rule understands, and print a rule for each cluster, as YAML for config.yaml',
    )
    .argument('[file]', 'file of lines; left out: standard input')
    .option(...CONFIG_OPTION)
    .option('--rules <n>', 'rules, at most', '20')
    .option('--lines <n>', 'lines that a rule must read, at least', '2')
    .action((file: string | undefined, options: { config: string; rules: string; lines: string }) =>
      runCommand(() => suggest(file, options)),
    );
}

async function list(rules: CompiledRule[], json: boolean | undefined): Promise<number> {
  const ordered = [...rules].sort((a, b) => b.priority - a.priority);
  const rows = ordered.map(({ name, eventType, framework, priority, extract, origin }) => ({
    name,
    event_type: extract ? null : eventType,
    framework,
    priority,
    file: `${origin.file}:${origin.line}`,
  }));
  await writeLine(
    json
      ? JSON.stringify(rows)
      : table(
          ['rule', 'type', 'framework', 'priority', 'file'],
          rows.map((row) => [
            row.name,
            row.event_type ?? '(extracts)',
            row.framework ?? '',
            row.priority,
            row.file,
          ]),
          [3],
        ),
  );
  return 0;
}

async function test(tested: TestedRule[], json: boolean | undefined): Promise<number> {
  const samples = tested.reduce((sum, { rule }) => sum + rule.tests.length, 0);
  const faults = tested.flatMap(({ rule, rules }) =>
    rule.tests.flatMap((sample) => sampleFaults(rule, sample, rules)),
  );
  const untested = tested.filter(({ rule }) => rule.tests.length === 0).map(({ rule }) => rule);
  if (json) {
    const told = faults.map(({ rule, sample, what, expected, got }) => ({
      rule: rule.name,
      file: sampleOrigin(rule, sample),
      line: sample.line,
      what,
      expected,
      got,
    }));
    await writeLine(
      JSON.stringify({
        rules: tested.length,
        samples,
        untested: untested.map(({ name }) => name),
        faults: told,
      }),
    );
  } else {
    for (const fault of faults) await writeLine(`${renderFault(fault)}\n`);
    for (const rule of untested)
      await writeLine(`${originOf(rule)}: rule '${rule.name}' has no sample lines`);
    await writeLine(
      `${samples} samples of ${tested.length} rules: ${faults.length === 0 ? 'all as expected' : `${new Set(faults.map(({ sample }) => sample)).size} otherwise than expected`}`,
    );
  }
  return faults.length === 0 && samples > 0 ? 0 : 1;
}

async function suggest(
  file: string | undefined,
  options: { config: string; rules: string; lines: string },
): Promise<number> {
  const most = wholeNumber('--rules', options.rules);
  const least = wholeNumber('--lines', options.lines);
  const { config, rules } = readRules(options.config);
  const parser = new LineParser({
    codec: Codec.local(loadSchemas()),
    rules,
    settings: settingsOf(config),
    nowMs: Date.now(),
  });
  const suggester = new RuleSuggester();
  const take = (lines: ParsedLine[]) => {
    for (const text of unreadTexts(lines)) suggester.add(text);
  };
  for await (const line of await inputLines(file)) take(parser.take(line));
  take(parser.end());
  const names = rules.all().map(({ name }) => name);
  await writeText(renderSuggestions(suggester.suggest(least, most, names)));
  return 0;
}
