import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRuleFile } from '../processor/adapters/rule-files.js';
import { builtInFolder } from '../processor/adapters/rule-folder.js';
import type { RuleDefinition, Takes, WrittenRule } from '../processor/core/rules/rule-types.js';

/** What stands behind it in docs/patterns.md is made from patterns/*.yaml. */
export const GENERATED = '<!-- What follows is made from patterns/*.yaml: npm run docs:patterns -->';

const MAX_SAMPLE_CHARS = 120;

/** docs/patterns.md with its reference as the rules are now: everything up to {@link GENERATED} is kept. */
export function withReference(document: string): string {
  const at = document.indexOf(GENERATED);
  if (at < 0) throw new Error(`docs/patterns.md has lost its line '${GENERATED}'`);
  return `${document.slice(0, at)}${GENERATED}\n\n${reference()}`;
}

/** Every built-in rule, file by file and section by section. */
export function reference(): string {
  const files = readdirSync(builtInFolder())
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  const parts = files.map(fileReference);
  const rules = parts.reduce((sum, { count }) => sum + count, 0);
  return `## The built-in rules\n\n${rules} rules in ${files.length} files. A name links to where its format comes from.\n\n${parts
    .map(({ text }) => text)
    .join('\n')}`;
}

function fileReference(name: string): { text: string; count: number } {
  const lines = readFileSync(join(builtInFolder(), name), 'utf8').split('\n');
  const rules = readRuleFile(join(builtInFolder(), name), `patterns/${name}`);
  const framework = /^framework: (\S+)/m.exec(lines.join('\n'))?.[1] ?? null;
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const about = lines.slice(0, end).map((line) => line.replace(/^# ?/, ''));
  const sections = [
    { line: 0, title: null as string | null },
    ...lines.flatMap((line, index) => {
      const title = /^\s*# -{2,} (.+?) -{2,}$/.exec(line)?.[1];
      return title === undefined ? [] : [{ line: index + 1, title }];
    }),
  ];
  const text = sections.flatMap(({ line, title }, index) => {
    const until = sections[index + 1]?.line ?? Number.POSITIVE_INFINITY;
    const own = rules.filter(({ origin }) => origin.line >= line && origin.line < until);
    if (own.length === 0) return [];
    return [
      ...(title === null ? [] : [`#### ${title}`, '']),
      '| rule | reads | event type | fields | sample |',
      '| --- | --- | --- | --- | --- |',
      ...own.map((rule) => row(rule, framework)),
      '',
    ];
  });
  const head = `### ${name}${framework === null ? '' : ` (${framework})`}\n\n${about.join('\n')}\n`;
  return { text: `${head}\n${text.join('\n')}`, count: rules.length };
}

function row({ definition }: WrittenRule, framework: string | null): string {
  const { name, format, tests } = definition;
  const own = definition.framework !== undefined && definition.framework !== framework;
  const extracts = definition.mode === 'extract';
  return `| ${[
    format ? `[\`${name}\`](${format})` : `\`${name}\``,
    readsOf(definition),
    `${extracts ? '*adds to any*' : `\`${definition.event_type}\``}${own ? ` (${definition.framework})` : ''}`,
    fieldsOf(definition),
    tests?.[0] ? code(tests[0].line) : '',
  ].join(' | ')} |`;
}

/** What a rule looks at, and when. */
function readsOf({ json, on, requires = [], joins, takes, splits }: RuleDefinition): string {
  const what = json
    ? `an object with ${Object.keys(json)
        .slice(0, 4)
        .map((path) => code(path))
        .join(', ')}`
    : on === 'raw'
      ? 'a line by its colours'
      : 'a line';
  return [
    what,
    ...requires.map((tag) =>
      tag.startsWith('!')
        ? `not where the stream has ${code(tag.slice(1))}`
        : `where the stream has ${code(tag)}`,
    ),
    ...(joins?.length ? [`joins ${joins.map((name) => code(name)).join(', ')}`] : []),
    ...(takes && takes !== 'none' ? [`and ${TAKEN[takes]}`] : []),
    ...(splits ? ['may hold several'] : []),
  ].join('; ');
}

const TAKEN: Record<Exclude<Takes, 'none'>, string> = {
  block: 'all lines up to the next event',
  coloured: 'the lines of its colour',
  json: 'lines until its braces close',
  indented: 'the indented lines after it',
  traceback: 'its traceback',
};

function fieldsOf({ field_mappings = {}, properties = {} }: RuleDefinition): string {
  const names = [...new Set([...Object.values(field_mappings), ...Object.keys(properties)])];
  return names.map((name) => code(name)).join(', ');
}

/** Text as code in a cell of a table: one line, without what would end the cell or the code. */
function code(text: string): string {
  const line = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: samples hold the escapes of colours
    .replace(/\u001b/g, '␛')
    .replace(/\r?\n/g, '⏎')
    .replaceAll('|', '\\|')
    .replace(/\s+/g, ' ')
    .trim();
  const cut =
    line.length > MAX_SAMPLE_CHARS ? `${line.slice(0, MAX_SAMPLE_CHARS - 1).replace(/\\$/, '')}…` : line;
  return cut.includes('`') ? `\`\` ${cut} \`\`` : `\`${cut}\``;
}
