import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../lib/config/root.js';
import { accuracyTable, markdown, type Summary, volumeTable } from './tables.js';

const BEGIN = '<!-- tables: written by `make accuracy ARGS=--write` -->';
const END = '<!-- end of tables -->';

/** Replaces what stands between the marks of a page. @throws where the marks are missing. */
export function betweenMarks(page: string, text: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the page has no part between ${BEGIN} and ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** Puts the tables into docs/accuracy.md. Returns its path. */
export function writeReport(summaries: readonly Summary[], first: number, seeds: number): string {
  const path = join(projectRoot(), 'docs/accuracy.md');
  const text = [
    `B-cubed over lines, seeds ${first} to ${first + seeds - 1}: medians, and the worst F1 of them. Beside it the F1 of three naive ways.`,
    markdown(accuracyTable(summaries)),
    `Means of a seed: lines, runs, and by which strategy lines found their trace; lines a second of CPU time through the whole topology in one process, start-up included (Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}).`,
    markdown(volumeTable(summaries)),
  ].join('\n\n');
  writeFileSync(path, betweenMarks(readFileSync(path, 'utf8'), text));
  return path;
}
