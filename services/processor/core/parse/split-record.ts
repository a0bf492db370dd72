import type { RuleSet } from '../rules/rule-set.js';
import { stripAnsi } from './ansi.js';
import type { Reading } from './reading.js';
import { unwrap } from './unwrap.js';

const MAX_PARTS = 64;
/** So many lines are asked whether they begin a step; a turn has fewer. */
const MAX_LINES = 400;

/**
 * The parts of a record that holds several steps, as printers do that write a whole turn at once: `Thought: …`, `Action: …`,
 * `Action Input: …` with line feeds between them. Only records that begin with a step are split, and only at lines that
 * are steps for certain; a prompt that quotes the form begins otherwise and stays whole. null: one part, as most records are.
 */
export function splitRecord(
  message: string,
  reading: Reading,
  rules: RuleSet,
  tags: readonly string[],
): string[] | null {
  if (reading.rule?.splitsColours === true) return splitColours(message);
  if (reading.rule?.splits !== true || !message.includes('\n')) return null;
  const parts: string[] = [];
  let start = 0;
  let at = message.indexOf('\n');
  for (let lines = 0; at >= 0 && lines < MAX_LINES && parts.length < MAX_PARTS - 1; lines++) {
    const next = message.indexOf('\n', at + 1);
    const line = message.slice(at + 1, next < 0 ? undefined : next);
    if (beginsStep(line, rules, tags)) {
      parts.push(message.slice(start, at));
      start = at + 1;
    }
    at = next;
  }
  if (start === 0) return null;
  parts.push(message.slice(start));
  return parts;
}

/** Where one colour ends and another begins on the same line: a printer that writes without line feeds. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
const COLOUR_CHANGE = /\x1b\[0m(?=\x1b\[(?!0?m)[\d;]{1,32}m)/g;

function splitColours(message: string): string[] | null {
  let before = 0;
  for (const { index, 0: reset } of message.matchAll(COLOUR_CHANGE)) {
    const end = index + reset.length;
    const isBlank = stripAnsi(message.slice(before, end)).trim() === '';
    before = end;
    if (isBlank) continue;
    if (stripAnsi(message.slice(end)).trim() === '') break;
    return [message.slice(0, end), message.slice(end)];
  }
  return null;
}

function beginsStep(line: string, rules: RuleSet, tags: readonly string[]): boolean {
  const { text, raw, colours } = unwrap(line);
  if (text === '') return false;
  const found = rules.classify({ text, raw, hasColours: colours !== null, json: null, tags });
  return found?.rule.splits === true && !found.rule.raw;
}
