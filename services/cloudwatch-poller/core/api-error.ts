/**
 * What a failed call of the CloudWatch Logs API means.
 * - throttled: the account's quota is used up: slow down, ask again.
 * - token: the nextToken is not taken any more: read the range again from its start.
 * - missing, denied: of this group; others go on, this one is tried again.
 * - credentials: who we are is not accepted.
 * - role: who we are is accepted, and may not assume the role that the account is read with.
 * - transient: no answer, or none of sense: ask again later.
 * - invalid: the request is refused as it is; reported, and tried again in case that the other side changes.
 */
export type ApiErrorKind = (typeof API_ERROR_KINDS)[number];

export const API_ERROR_KINDS = [
  'throttled',
  'token',
  'missing',
  'denied',
  'credentials',
  'role',
  'transient',
  'invalid',
] as const;

/** Names of https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html and of the SDK. */
const KINDS: Record<string, ApiErrorKind> = {
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  ThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  LimitExceededException: 'throttled',
  SlowDown: 'throttled',
  ResourceNotFoundException: 'missing',
  AccessDeniedException: 'denied',
  AccessDenied: 'denied',
  NotAuthorized: 'denied',
  UnrecognizedClientException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  IncompleteSignature: 'credentials',
  IncompleteSignatureException: 'credentials',
  MissingAuthenticationToken: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  OptInRequired: 'credentials',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  InvalidParameterException: 'invalid',
  ValidationException: 'invalid',
  ValidationError: 'invalid',
  InvalidOperationException: 'invalid',
};

/** `withToken`: the call carried a nextToken. */
export function apiErrorKind(
  { name, status }: { name: string; status: number | null },
  withToken: boolean,
): ApiErrorKind {
  const kind = KINDS[name];
  if (kind === 'invalid') return withToken ? 'token' : 'invalid';
  if (kind !== undefined) return kind;
  if (status === 429) return 'throttled';
  if (status === 401) return 'credentials';
  if (status === 403) return 'denied';
  return 'transient';
}

/**
 * What it means that a role gave no credentials. STS has a quota of its own, so its throttling says nothing of that of
 * CloudWatch Logs, and what it finds wrong with a request is the role's ARN or external id.
 */
export function roleErrorKind(failure: { name: string; status: number | null }): ApiErrorKind {
  const kind = apiErrorKind(failure, false);
  if (kind === 'credentials') return kind;
  return kind === 'denied' || kind === 'invalid' || kind === 'missing' ? 'role' : 'transient';
}
