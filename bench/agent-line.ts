/** Streams that print at the same time. */
const STREAMS = 60;
/** Lines of one session; a stream prints one session after the other. */
const SESSION_LINES = 40;

/** The n-th of many lines of 60 containers, 260 bytes each: key and value for raw-logs. */
export function agentLine(n: number): { key: string; value: Buffer } {
  const stream = n % STREAMS;
  const session = `req-${stream}-${Math.floor(n / STREAMS / SESSION_LINES)}`;
  const input = `{"query": "weather ${n}", "note": "${'x'.repeat(150)}"}`;
  const line = `2026-01-07T17:00:00.000Z INFO [app] session_id=${session} Tool: web_search Input: ${input}`;
  return { key: `container/app/${stream}`, value: Buffer.from(line) };
}
