import { describe, expect, it } from 'vitest';
import { defaultAppConfig } from '../../lib/config/app-config.js';
import { Analysis } from '../../services/cli/analysis.js';
import { loadRules } from '../../services/processor/adapters/rule-files.js';
import { fileLines, finalRows } from './file-lines.js';
import { realDriver, topologyCodec } from './raw-streams.js';

const config = defaultAppConfig();
const rules = loadRules(config);
const HOUR = 3_600_000;

function analyze(lines: string[]): Analysis {
  const analysis = new Analysis({ codec: topologyCodec, rules, config, nowMs: Date.UTC(2026, 5, 1) });
  for (const line of lines) analysis.take(Buffer.from(line));
  analysis.end();
  return analysis;
}

describe('the final rows of a file', () => {
  const file = fileLines();
  const analysis = analyze(file.map(({ line }) => line));
  const rows = finalRows([...analysis.events.values()].map((row) => analysis.eventOf(row)));

  it.each([1, 3, 6])('are those of the topology fed record by record, with %i partitions', (partitions) => {
    const driver = realDriver({ partitions });
    for (const { line, key, timestampMs } of file) driver.pipe('raw-logs', { key, value: line, timestampMs });
    driver.settle();
    driver.advance(HOUR);
    expect(rows).toEqual(finalRows(driver.lastRows().events.values()));
  });

  it('hold what was meant: sessions that move, joined lines, events sent twice', () => {
    expect(new Set(rows.map(({ strategy }) => strategy))).toEqual(new Set([1, 2, 3]));
    expect(rows.length).toBeLessThan(file.length);
    expect(analysis.traces.some(({ group_ids }) => group_ids.length > 1)).toBe(true);
  });
});

describe('a file of more lines than are processed at once', () => {
  const line = (n: number, trace = '') =>
    JSON.stringify({
      message: `session_id=s${n % 7}${trace} level=info msg=step${n}`,
      source: { system: 'file', log_stream: `${n % 7}`, log_id: `${n}` },
      timestamp: new Date(Date.UTC(2026, 1, 3) + n * 100).toISOString(),
    });
  const lines = Array.from({ length: 5_000 }, (_, n) => line(n));

  it('is traced to its end: the last line moves what the first one began', () => {
    const analysis = analyze([...lines, line(7 * 800, ' trace_id=T')]);
    const [first, second] = [...analysis.lines()].map(({ event }) => event!.trace_id);
    expect(first).toBe('T');
    expect(second).not.toBe('T');
    expect(analysis.traces.find(({ trace_id }) => trace_id === 'T')!.total_events).toBe(716);
    expect(analysis.traces.reduce((sum, { total_events }) => sum + total_events, 0)).toBe(5_001);
  });
});
