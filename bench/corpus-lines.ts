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
