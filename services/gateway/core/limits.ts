/** An event may lie this far ahead of the gateway's clock, milliseconds; one more is refused. */
export const MAX_AHEAD_MS = 5 * 60_000;
/** Levels of nesting of an event, itself included: as deep as canonical JSON follows. */
export const MAX_JSON_DEPTH = 64;
/** Largest encoded record, bytes: raw-logs takes 1,048,588 with the batch's own overhead, key and headers. */
export const MAX_RECORD_BYTES = 1_000_000;
