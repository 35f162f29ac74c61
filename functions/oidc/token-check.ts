/**
 * Checks access tokens of trusted issuers. It fetches from the issuers that are configured and from nowhere that a token names. What verifies is loaded
 * with the first token: most requests of most deployments bring keys.
 */
import type { TrustedIssuer } from '../../protocol/sign-in.ts';
import type { CheckedToken } from './verify.ts';

export type TokenCheck = (token: string) => Promise<CheckedToken>;

/** Undefined without issuers: then nobody signs in elsewhere. */
export function createTokenCheck(
  issuers: readonly TrustedIssuer[],
  nowMs: () => number,
): TokenCheck | undefined {
  if (issuers.length === 0) return undefined;
  let verifier: Promise<TokenCheck> | undefined;
  const load = async () => (await import('./verify.ts')).createVerifier(issuers, nowMs);
  return async (token) => (await (verifier ??= load()))(token);
}

/** What the API is handed of its issuers. */
export function trustIssuers(issuers: readonly TrustedIssuer[], nowMs: () => number) {
  return { issuers, checkToken: createTokenCheck(issuers, nowMs) };
}
