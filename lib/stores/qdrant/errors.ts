import { tlsFault } from '../../config/tls-fault.js';

/** Qdrant refuses this request whenever it comes: a fault of the data in it. `status` is 400, 413 or 422. */
export class QdrantRefusedError extends Error {
  override name = 'QdrantRefusedError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The collection is not there: never made, or dropped by someone. */
export class QdrantMissingError extends Error {
  override name = 'QdrantMissingError';
}

/** No answer, or one that says to come again. */
export class QdrantUnavailableError extends Error {
  override name = 'QdrantUnavailableError';
}

/** Whether Qdrant said no, or nothing of use. */
export const qdrantOutcome = (error: unknown): 'refused' | 'unavailable' =>
  error instanceof QdrantUnavailableError ? 'unavailable' : 'refused';

const REFUSED = new Set([400, 413, 422]);

/** Runs a call of the client; its errors become one of the three above. */
export async function asking<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const status = statusOf(error);
    const message = `Qdrant: ${what}: ${detailOf(error)}`;
    if (status !== undefined && REFUSED.has(status)) throw new QdrantRefusedError(message, status);
    if (status === 404) throw new QdrantMissingError(message);
    const fault = tlsFault(error, 'QDRANT');
    if (fault !== null) throw new QdrantUnavailableError(`Qdrant: ${fault}`, { cause: error });
    const advice = status === 401 || status === 403 ? ': check QDRANT_API_KEY' : '';
    throw new QdrantUnavailableError(`${message}${advice}`, { cause: error });
  }
}

/** The client's ApiError carries `status`; its other errors say it in their text only. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('status' in error && typeof error.status === 'number') return error.status;
  const said = 'message' in error ? /^Unexpected Response: (\d{3})/.exec(String(error.message)) : null;
  return said ? Number(said[1]) : undefined;
}

function detailOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const said = (error as { data?: { status?: { error?: unknown } } }).data?.status?.error;
  if (typeof said === 'string') return said;
  const cause = (error as { cause?: unknown }).cause;
  const message = error instanceof Error ? error.message : String(error);
  return cause instanceof Error
    ? `${message} (${cause.message || (cause as { code?: string }).code})`
    : message;
}
