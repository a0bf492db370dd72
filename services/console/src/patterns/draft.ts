/** What is being tried. It outlives the page that shows it, so that a look at a trace in between loses nothing; it ends with the tab. */
export const draft = { text: '', rules: '' };

/** A rule to start from. */
export const EXAMPLE_RULE = `parser_rules:
  - name: my_rule
    # (?<name>…) captures a property of that name; field_mappings renames them
    pattern: 'order (?<order>\\d+) (?<state>shipped|cancelled)'
    event_type: tool_result
    properties: { tool_name: orders }
`;

export const EXAMPLE_LINES = `Thought: I look up the order first
Action: orders
Action Input: {"id": 4711}
2026-01-07 19:00:03 INFO worker order 4711 shipped
`;

/** Where a line of a text begins and ends, to select it; `line` from 1. */
export function rangeOfLine(text: string, line: number): [start: number, end: number] {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return [Math.min(start, text.length), Math.min(start + (lines[line - 1]?.length ?? 0), text.length)];
}
