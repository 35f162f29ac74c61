/**
 * How an agent signs its requests: RFC 9421 (HTTP Message Signatures) with ed25519 over RFC 9530 digests.
 * Strings only: hashing and signing belong to the callers, so that agent and API build the very same text.
 */

/** Header names, in lower case. */
export const CONTENT_DIGEST_HEADER = 'content-digest';
export const SIGNATURE_INPUT_HEADER = 'signature-input';
export const SIGNATURE_HEADER = 'signature';

const LABEL = 'isthmus';
const COMPONENTS = ['@method', '@path', '@query', 'content-digest'] as const;
const HEADER_MAX = 500;

/** What of a request is signed. */
export interface SignedRequest {
  /** Upper case. */
  readonly method: string;
  /** As on the wire, percent-encoding untouched: `/v1/agent/report`. */
  readonly path: string;
  /** As on the wire, with the question mark; empty if there is none. */
  readonly query: string;
  /** SHA-256 of the body in base64; an empty body has one as well. */
  readonly bodySha256: string;
}

export interface SignatureParameters {
  /** Seconds since 1970. */
  readonly createdSeconds: number;
  /** The agent id. */
  readonly keyId: string;
}

/** The text that is signed (RFC 9421, section 2.5). */
export function signatureBase(request: SignedRequest, parameters: SignatureParameters): string {
  const values: Record<(typeof COMPONENTS)[number], string> = {
    '@method': request.method,
    '@path': request.path,
    '@query': request.query === '' ? '?' : request.query,
    'content-digest': formatContentDigest(request.bodySha256),
  };
  const lines = COMPONENTS.map((component) => `"${component}": ${values[component]}`);
  return [...lines, `"@signature-params": ${formatParameters(parameters)}`].join('\n');
}

/** Value of `Content-Digest`. */
export function formatContentDigest(bodySha256: string): string {
  return `sha-256=:${bodySha256}:`;
}

/** Value of `Signature-Input`. */
export function formatSignatureInput(parameters: SignatureParameters): string {
  return `${LABEL}=${formatParameters(parameters)}`;
}

/** Value of `Signature`, of the signature in base64. */
export function formatSignature(signature: string): string {
  return `${LABEL}=:${signature}:`;
}

/** The three headers of a signed request. */
export function signatureHeaders(
  request: SignedRequest,
  parameters: SignatureParameters,
  signature: string,
): Record<string, string> {
  return {
    [CONTENT_DIGEST_HEADER]: formatContentDigest(request.bodySha256),
    [SIGNATURE_INPUT_HEADER]: formatSignatureInput(parameters),
    [SIGNATURE_HEADER]: formatSignature(signature),
  };
}

/**
 * Parameters of a `Signature-Input`, or undefined. Only the exact spelling that `formatSignatureInput` makes is
 * taken: other components, another order, another algorithm or a second signature are refused.
 */
export function readSignatureInput(header: string): SignatureParameters | undefined {
  if (header.length > HEADER_MAX) return undefined;
  const match = /;created=(\d{1,12});keyid="([a-z0-9.-]{1,100})";/.exec(header);
  const parameters = { createdSeconds: Number(match?.[1]), keyId: match?.[2] ?? '' };
  return match && header === formatSignatureInput(parameters) ? parameters : undefined;
}

/** The signature in base64 of a `Signature` header, or undefined. */
export function readSignature(header: string): string | undefined {
  return /^isthmus=:([A-Za-z0-9+/]{86}==):$/.exec(header)?.[1];
}

function formatParameters(parameters: SignatureParameters): string {
  const components = COMPONENTS.map((component) => `"${component}"`).join(' ');
  return `(${components});created=${parameters.createdSeconds};keyid="${parameters.keyId}";alg="ed25519"`;
}
