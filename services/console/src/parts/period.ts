/** Times that lists are limited to. */
export const PERIODS: Record<string, { label: string; ms: number }> = {
  '15m': { label: 'Last 15 min', ms: 900_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 h', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 604_800_000 },
};

/** The start of a period moves in steps, so that a question stays the same one between two looks. */
const STEP_MS = 60_000;

/** ISO 8601; null: since ever. */
export function startOf(period: string | null, nowMs: number): string | null {
  const known = PERIODS[period ?? ''];
  return known ? new Date(Math.floor(nowMs / STEP_MS) * STEP_MS - known.ms).toISOString() : null;
}
