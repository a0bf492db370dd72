import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Coverage } from './core/parse/coverage.js';
import { exposeCoverage } from './metrics.js';

it('shows coverage by fate, rule and source, as it is when asked', async () => {
  const registry = new Registry();
  const coverage = new Coverage();
  exposeCoverage(registry, coverage);
  coverage.take({ fate: 'parsed', rule: 'moored', source: { system: 'file', log_group: '/quay' } });
  await registry.metrics();
  coverage.take({ fate: 'fallback', rule: null, source: { system: 'file', log_group: '/quay' } });
  coverage.take({ fate: 'dead', rule: null, source: null });
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'vectadb_parse_records_total{fate="parsed"} 1',
      'vectadb_parse_records_total{fate="fallback"} 1',
      'vectadb_parse_records_total{fate="dead"} 1',
      'vectadb_parse_records_total{fate="joined"} 0',
      'vectadb_parse_rule_events_total{rule="moored"} 1',
      'vectadb_parse_source_events_total{system="file",log_group="/quay",fate="parsed"} 1',
      'vectadb_parse_source_events_total{system="file",log_group="/quay",fate="fallback"} 1',
    ]),
  );
});
