/** What can go wrong with a Kubernetes API server, as a small coded set. Callers branch on `code`, never on text. */

export type KubeFault =
  /** No answer at all: not reachable, TLS failed, too slow. Nothing is known of what was asked for; try later. */
  | 'kube.unreachable'
  /** Our credentials are not taken (401). */
  | 'kube.unauthenticated'
  /** The cluster's authorization says no (403). */
  | 'kube.forbidden'
  | 'kube.not_found'
  /** Another version stands there, or another manager owns a field (409). */
  | 'kube.conflict'
  /** The resource version is too old (410): list again. */
  | 'kube.gone'
  /** Validation or admission refused it (400, 422): the same again will not pass. */
  | 'kube.invalid'
  /** Asked to come back (429, or 503 with Retry-After). */
  | 'kube.busy'
  /** Any other answer of 500 and more. */
  | 'kube.failed'
  /** An answer that is not what the API promises. */
  | 'kube.malformed';

export interface KubeErrorFacts {
  /** HTTP status; absent where nothing was answered. */
  readonly status?: number | undefined;
  /** `reason` of the Status object: `AlreadyExists`, `Expired`, ... */
  readonly reason?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeFault;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: KubeFault, message: string, facts: KubeErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

const BY_STATUS: Readonly<Record<number, KubeFault>> = {
  400: 'kube.invalid',
  401: 'kube.unauthenticated',
  403: 'kube.forbidden',
  404: 'kube.not_found',
  409: 'kube.conflict',
  410: 'kube.gone',
  422: 'kube.invalid',
  429: 'kube.busy',
};

/** The fault that an HTTP status stands for. */
export function faultOf(status: number, hasRetryAfter: boolean): KubeFault {
  if (status === 503 && hasRetryAfter) return 'kube.busy';
  return BY_STATUS[status] ?? (status >= 500 ? 'kube.failed' : 'kube.malformed');
}

/** Undefined where the server answered with one of these faults; any other failure stays one. */
export async function undefinedOn<T>(
  reading: Promise<T>,
  faults: readonly KubeFault[],
): Promise<T | undefined> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof KubeError && faults.includes(cause.code)) return undefined;
    throw cause;
  }
}

/** Codes of OpenSSL's and Node's own verification; what they say of it is written for programmers of Node. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

/** As a `reason`: there is an answer, and it can't be trusted. */
export const CERTIFICATE_REFUSED = 'CertificateRefused';

/** Why nothing came back from `server` (`HOST:PORT`). A certificate that is not taken is no silence: the server did answer. */
export function connectionError(server: string, cause: Error): KubeError {
  const untrusted = certificateText(cause);
  if (untrusted === undefined)
    return new KubeError('kube.unreachable', `${server} does not answer: ${cause.message}`, { cause });
  const message = `${server} answers, but not so that it can be trusted: ${untrusted}`;
  return new KubeError('kube.unreachable', message, { cause, reason: CERTIFICATE_REFUSED });
}

function certificateText(cause: Error): string | undefined {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (UNTRUSTED.has(code))
    return `its certificate is not signed by the authority that we were given (${code}). Give the one of this API server: certificate-authority-data in the kubeconfig.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for other names (${code}). Use one of these as server, or give it as tls-server-name in the kubeconfig.`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `its certificate is not valid now (${code}). Renew it, or set the clock of this host right.`;
  return undefined;
}
