/** Why data is refused: a closed list. The code travels in the dead letter's `__connect.errors.exception.class.name`. */
export const DATA_ERRORS = {
  AVRO_FRAME: 'first byte 0 but the frame is shorter than its 5-byte header',
  UNKNOWN_SCHEMA_ID: 'the registry has no schema of that id',
  AVRO_BODY: 'the body does not match its schema',
  WRONG_SCHEMA: 'a known schema, but not one of this topic',
  INVALID_UTF8: 'neither Avro nor valid UTF-8',
  INVALID_EVENT: 'a structured event that breaks its contract',
  TOO_LARGE: 'larger than what the next topic takes',
  PROCESSING: 'the rules failed on this record',
} as const;

export type DataErrorCode = keyof typeof DATA_ERRORS;

/** Bad data as a value: it never throws, it ends in dead-letter with its position. */
export interface DataError {
  code: DataErrorCode;
  message: string;
}

export type Result<T> = { ok: true; value: T } | { ok: false; error: DataError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (code: DataErrorCode, message: string): { ok: false; error: DataError } => ({
  ok: false,
  error: { code, message },
});
