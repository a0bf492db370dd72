import { Document, isMap, isSeq } from 'yaml';
import type { Suggestions } from '../processor/core/suggest/rule-suggester.js';

/** Suggested rules as YAML, ready for config.yaml: a comment with the number of lines before each. */
export function renderSuggestions({ suggestions, lines, covered }: Suggestions): string {
  if (suggestions.length === 0) {
    return lines === 0
      ? '# every line is understood\n'
      : `# nothing is common to the ${lines} lines that are not understood\n`;
  }
  const document = new Document({ parser_rules: suggestions.map(({ definition }) => definition) });
  document.commentBefore = ` ${covered} of ${lines} lines that are not understood would be read by these. Name the types that are \`log\` yourself.`;
  const list = document.get('parser_rules');
  if (isSeq(list)) {
    for (const [index, item] of list.items.entries())
      if (isMap(item)) item.commentBefore = ` ${suggestions[index]!.lines} lines`;
  }
  return document.toString({ lineWidth: 0, singleQuote: true });
}
