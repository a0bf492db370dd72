import { readFileSync } from 'node:fs';
import { defaultAppConfig } from '../lib/config/app-config.js';
import { loadRules } from '../services/processor/adapters/rule-files.js';

/** Lines of one log stream, in the order in which they were printed. */
export interface StreamLines {
  name: string;
  lines: string[];
}

/** Streams of a file of labelled lines: one JSON object a line with `message` and `excerpt`, the stream that it is from. */
export function readCorpus(files: readonly string[]): StreamLines[] {
  const streams = new Map<string, string[]>();
  for (const file of files) {
    for (const row of readFileSync(file, 'utf8').split('\n')) {
      if (row === '') continue;
      const { message, excerpt } = JSON.parse(row) as { message: string; excerpt: string };
      const lines = streams.get(excerpt);
      if (lines) lines.push(message);
      else streams.set(excerpt, [message]);
    }
  }
  return [...streams].map(([name, lines]) => ({ name, lines }));
}

/** The sample lines of every built-in rule, as one stream per rule. */
export const sampleStreams = (): StreamLines[] =>
  loadRules(defaultAppConfig())
    .global.filter(({ tests }) => tests.length > 0)
    .map(({ name, tests }) => ({ name, lines: tests.map(({ line }) => line) }));

/** A full time of day with its date, as loggers print it. */
const TIME = /\b(20\d\d-\d\d-\d\d)([T _])(\d\d:\d\d:\d\d)/g;
/** What tells one line from the next of its kind: fractions of a second, hex ids, and numbers that are long or parts of an id. */
const VARYING =
  /(?<=:\d\d[.,])\d{3,9}|\b(?=[a-f]{0,31}\d)(?=\d{0,31}[a-f])[0-9a-f]{8,32}\b|(?<![\d.])\d{5,15}\b|(?<=[A-Za-z][-_#]?)\d{3,15}\b/g;

/** A word of prose well within a line, the last one. */
const LATE_WORD = /^([\s\S]{24,}[a-z] )([a-z]{5,16})(?=[ ,]|\.(?!\.))/;

/**
 * A line as a program prints it the n-th time over: later by `shiftMs`, with other ids and numbers, the same in all lines of one n;
 * prose with another word where it has none of these. What it means is the same; only short lines are the same text.
 */
export function printedAgain(line: string, n: number, shiftMs: number): string {
  if (n === 0) return line;
  const again = withOtherIds(line, n, shiftMs);
  if (again !== line) return again;
  return line.replace(LATE_WORD, (_, before: string, word: string) => before + otherLetters(word, n));
}

/** The letters of a word moved on in the alphabet, `n` counted in its 26 letters: so many words before one comes again. */
const otherLetters = (word: string, n: number): string =>
  [...word]
    .map((letter, at) => (letter.charCodeAt(0) - 97 + Math.floor(n / 26 ** at)) % 26)
    .map((place) => String.fromCharCode(97 + place))
    .join('');

function withOtherIds(line: string, n: number, shiftMs: number): string {
  return line
    .replace(TIME, (time, date: string, between: string, clock: string) => {
      const ms = Date.parse(`${date}T${clock}Z`) + shiftMs;
      if (Number.isNaN(ms)) return time;
      const later = new Date(ms).toISOString();
      return later.slice(0, 10) + between + later.slice(11, 19);
    })
    .replace(VARYING, (id) => {
      // the last four of an id change, never its length, and digits stay digits
      const tail = id.slice(-4);
      const base = /[a-f]/.test(id) ? 16 : 10;
      const other = (Number.parseInt(tail, base) + n * 37) % base ** tail.length;
      return id.slice(0, -4) + other.toString(base).padStart(tail.length, '0');
    });
}
