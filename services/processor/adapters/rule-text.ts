import { existsSync, readFileSync } from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { RuleDefinition, RuleOrigin, WrittenRule } from '../core/rules/rule-types.js';

/**
 * The rules of a text: a mapping with `parser_rules`, or the list alone. `onFault` is told of what cannot be read, with its line; `shownAs`
 * stands for the file in origins.
 */
export function readText(
  text: string,
  shownAs: string,
  onFault: (line: number, reason: string) => void,
): WrittenRule[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  for (const error of document.errors)
    onFault(error.linePos?.[0].line ?? 1, error.message.split('\n', 1)[0]!.replace(/ at line \d+.*$/, ''));
  if (document.errors.length > 0) return [];
  const content = document.toJS() as
    | RuleDefinition[]
    | { set?: string; framework?: string; parser_rules?: RuleDefinition[] }
    | null;
  const file = Array.isArray(content) ? { parser_rules: content } : content;
  const place: Place = Array.isArray(content) ? [] : ['parser_rules'];
  if (!Array.isArray(file?.parser_rules)) {
    onFault(1, "has no list 'parser_rules'");
    return [];
  }
  const { parser_rules, framework, set = null } = file;
  const lines = linesIn(document, counter);
  return parser_rules.flatMap((definition: unknown, index) => {
    const at = [...place, index];
    if (typeof definition !== 'object' || definition === null) {
      onFault(lines(at), 'the rule is not a mapping');
      return [];
    }
    const rule = { framework, ...definition } as RuleDefinition;
    return [{ definition: rule, origin: originAt(shownAs, lines, at, rule), set }];
  });
}

export type Place = (string | number)[];

/** Line of a node of a document; 1 where there is none. */
const linesIn =
  (document: Document, counter: LineCounter) =>
  (at: Place): number => {
    const node = document.getIn(at, true) as { range?: [number] } | undefined;
    return node?.range ? counter.linePos(node.range[0]).line : 1;
  };

/** Where a rule and its tests stand. */
export function originAt(
  file: string,
  lines: (at: Place) => number,
  at: Place,
  { tests }: RuleDefinition,
): RuleOrigin {
  const samples = Array.isArray(tests) ? tests.map((_, index) => lines([...at, 'tests', index])) : [];
  return { file, line: lines(at), samples };
}

/** Lines of what config.yaml holds; 1 for whatever is not in it. */
export function configLines(path: string | undefined): (at: Place) => number {
  if (path === undefined || !existsSync(path)) return () => 1;
  const counter = new LineCounter();
  return linesIn(parseDocument(readFileSync(path, 'utf8'), { lineCounter: counter }), counter);
}
