import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultAppConfig } from '../../lib/config/app-config.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { Codec } from '../../lib/model/codec.js';
import { loadRules } from '../processor/adapters/rule-files.js';
import { settingsOf } from '../processor/core/parse/settings.js';
import { type GoldenExcerpt, readGolden } from './golden.js';
import { LineParser } from './parse-lines.js';
import type { ParsedLine } from './parsed-line.js';

const FOLDER = 'tests/golden/parse';
const config = defaultAppConfig();
const rules = loadRules(config);

/** Runs an excerpt as one stream, as `vectadb parse` does; one result a line, in order. */
function parseExcerpt({ lines }: GoldenExcerpt): ParsedLine[] {
  const parser = new LineParser({
    codec: Codec.local(loadSchemas()),
    rules,
    settings: settingsOf(config),
    nowMs: Date.UTC(2026, 0, 2),
  });
  const wrapped = lines.map(({ text }, index) =>
    Buffer.from(
      JSON.stringify({
        message: text,
        source: { system: 'file', log_group: 'golden', log_stream: 'golden', log_id: String(index) },
      }),
    ),
  );
  return [...wrapped.flatMap((line) => parser.take(line)), ...parser.end()];
}

const OF_EVENT = new Set(['framework', 'session_id', 'trace_id', 'agent_id', 'rule']);

function valueIn(line: ParsedLine, name: string): unknown {
  const value = OF_EVENT.has(name) ? line[name as 'framework'] : line.properties[name];
  return value ?? null;
}

/** What came of a line, as the file would say it. */
const shown = (line: ParsedLine, names: string[]) => ({
  event_type: line.event_type,
  continues: line.continues,
  ...Object.fromEntries(names.map((name) => [name, valueIn(line, name)])),
});

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))) {
  const golden = readGolden(readFileSync(`${FOLDER}/${name}`, 'utf8'));
  describe(name, () => {
    test.each(golden.excerpts.map((excerpt) => [excerpt.name, excerpt] as const))('%s', (_name, excerpt) => {
      const results = parseExcerpt(excerpt);
      const got: unknown[] = [];
      const want: unknown[] = [];
      excerpt.lines.forEach(({ text, at, eventType, continues, expect: expected }, index) => {
        const all =
          golden.framework === null || eventType === 'log'
            ? expected
            : { framework: golden.framework, ...expected };
        got.push({ at, text, ...shown(results[index]!, Object.keys(all)) });
        want.push({ at, text, event_type: eventType, continues, ...all });
      });
      expect(got).toEqual(want);
    });
  });
}
