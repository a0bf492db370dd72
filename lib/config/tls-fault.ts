/** Codes of Node's and OpenSSL's for a certificate that is not trusted, ours or theirs, https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
const NO_TLS = /wrong version number|packet length too long|before secure TLS connection was established/i;
const OWN_CERTIFICATE =
  /alert (certificate required|bad certificate|unknown ca|certificate unknown|certificate expired|handshake failure)|peer did not return a certificate/i;

/**
 * Why TLS was not agreed on, in words that say what to set; null for every other error. `prefix` begins the names of the
 * variables, such as KAFKA in KAFKA_TLS_CA_FILE.
 */
export function tlsFault(error: unknown, prefix: string): string | null {
  for (const { code, message } of causesOf(error)) {
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return `its certificate is for another name (${message}): use a name that is in it`;
    if (code !== undefined && CERTIFICATE.has(code))
      return `its certificate is not trusted (${message}): name the authority that issued it by ${prefix}_TLS_CA_FILE`;
    if (OWN_CERTIFICATE.test(message))
      return `it does not take our certificate (${message}): set ${prefix}_TLS_CERT_FILE and ${prefix}_TLS_KEY_FILE to one that it trusts`;
    if (NO_TLS.test(message)) return `it does not speak TLS there (${message}): another port, or no TLS`;
  }
  return null;
}

/** An error and what caused it, the outermost first. */
export function causesOf(error: unknown): { name: string; message: string; code?: string }[] {
  const causes: { name: string; message: string; code?: string }[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 8; ) {
    const { name, message, code, originalError, errors } = cause as Error & {
      code?: unknown;
      originalError?: unknown;
      errors?: unknown[];
    };
    causes.push({ name, message, ...(typeof code === 'string' ? { code } : {}) });
    cause = (cause.cause ?? originalError ?? errors?.[0]) as Error;
  }
  return causes;
}
