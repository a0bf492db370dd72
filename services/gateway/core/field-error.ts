/** One fault of the input. `field` is a path such as `properties` or `source.log_id`; `body` is all of it. */
export interface FieldError {
  field: string;
  message: string;
}

/** `timestamp has no offset: …; properties must be an object`. */
export const describeErrors = (errors: readonly FieldError[]): string =>
  errors.map(({ field, message }) => `${field} ${message}`).join('; ');
