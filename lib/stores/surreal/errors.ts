/** The store cannot be reached, or did not answer in time. What was asked may or may not have happened. Try again. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError';
}

/** Whether SurrealDB said no, or nothing at all. */
export const surrealOutcome = (error: unknown): 'refused' | 'unavailable' =>
  error instanceof StoreRefusedError ? 'refused' : 'unavailable';

/** The store answered and refused; nothing of the transaction happened. */
export class StoreRefusedError extends Error {
  override name = 'StoreRefusedError';
  /** A concurrent transaction wrote the same keys: the same statement may succeed when sent again. */
  readonly conflict: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    // SurrealDB before 3.1 has no structured code for it
    this.conflict = /conflict|can be retried/i.test(message);
  }
}
