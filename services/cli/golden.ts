/**
 * Reads the golden files of the parser (tests/golden/parse/*.txt): lines as agents print them, each with what must come of it.
 *
 *     framework: langchain          the file's own, for lines that say no other
 *     == a name                     begins an excerpt, one log stream
 *     chain_start {"chain_type": "Desk"} | > Entering new Desk chain...
 *     + | a line that joins the event before it
 *     log | a line that is none
 *
 * A line's text may hold the escapes \e (ESC), \n, \t and \\. Expectations other than `framework`, `session_id`, `trace_id` and
 * `agent_id` are properties; `null` means absent. An event is expected whole: what it became once all its lines had joined.
 */
export interface GoldenLine {
  text: string;
  eventType: string;
  continues: boolean;
  expect: Record<string, unknown>;
  /** Line number in the file. */
  at: number;
}

export interface GoldenExcerpt {
  name: string;
  lines: GoldenLine[];
}

export interface GoldenFile {
  framework: string | null;
  excerpts: GoldenExcerpt[];
}

const LINE = /^(\+|[\w.]+)(?: (\{.*?\}))? \| ?(.*)$/;
const ESCAPES: Record<string, string> = { e: '\u001b', n: '\n', t: '\t', '\\': '\\' };

/** @throws Error naming the line that is not of the format. */
export function readGolden(content: string): GoldenFile {
  const file: GoldenFile = { framework: null, excerpts: [] };
  let eventType = '';
  content.split('\n').forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('framework: ')) {
      file.framework = line.slice('framework: '.length);
      return;
    }
    if (line.startsWith('== ')) {
      file.excerpts.push({ name: line.slice(3), lines: [] });
      return;
    }
    const match = LINE.exec(line);
    const excerpt = file.excerpts.at(-1);
    if (match === null || excerpt === undefined) throw new Error(`line ${index + 1}: ${line}`);
    const continues = match[1] === '+';
    if (!continues) eventType = match[1]!;
    excerpt.lines.push({
      text: match[3]!.replace(/\\([ent\\])/g, (_, letter: string) => ESCAPES[letter]!),
      eventType,
      continues,
      expect: match[2] === undefined ? {} : (JSON.parse(match[2]) as Record<string, unknown>),
      at: index + 1,
    });
  });
  return file;
}
