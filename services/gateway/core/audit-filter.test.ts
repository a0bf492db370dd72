import { expect, it } from 'vitest';
import { AuditFilter, type AuditResult, resultOf } from './audit-filter.js';

const use = (more: object = {}) => ({
  key_id: 'k1',
  action: 'POST /api/v1/events',
  result: 'ok' as AuditResult,
  ip: '127.0.0.1',
  ...more,
});

it('writes the first use of a minute per key, route and result', () => {
  const filter = new AuditFilter();
  const admitted = Array.from({ length: 10_000 }, (_, n) => filter.admits(use(), false, n)).filter(Boolean);
  expect(admitted).toHaveLength(1);
  expect(filter.admits(use({ key_id: 'k2' }), false, 59_999)).toBe(true);
  expect(filter.admits(use({ action: 'GET /api/v1/events' }), false, 59_999)).toBe(true);
  expect(filter.admits(use({ result: 'failed' }), false, 59_999)).toBe(true);
  expect(filter.admits(use(), false, 59_999)).toBe(false);
  expect(filter.admits(use(), false, 60_000)).toBe(true);
});

it('writes every refusal and every use of an admin route', () => {
  const filter = new AuditFilter();
  for (let n = 0; n < 3; n++) {
    expect(filter.admits(use({ result: 'refused', key_id: null }), false, 0)).toBe(true);
    expect(filter.admits(use(), true, 0)).toBe(true);
  }
});

it('holds a bounded number of uses', () => {
  const filter = new AuditFilter();
  let admitted = 0;
  for (let n = 0; n < 30_000; n++) if (filter.admits(use({ key_id: `k${n}` }), false, 0)) admitted++;
  expect(admitted).toBe(20_000);
  expect(filter.admits(use(), false, 60_000)).toBe(true);
});

it.each([
  [200, 'ok'],
  [202, 'ok'],
  [400, 'invalid'],
  [401, 'refused'],
  [403, 'refused'],
  [404, 'invalid'],
  [429, 'limited'],
  [503, 'failed'],
] as const)('calls status %i %s', (status, result) => {
  expect(resultOf(status)).toBe(result);
});
