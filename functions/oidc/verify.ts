/** Verifies access tokens (JWT) of trusted issuers: signature first, then issuer, audience and times; only then is anything in them believed. */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { type Identity, WELL_FORMED } from '../../protocol/identity.ts';
import type { TrustedIssuer } from '../../protocol/sign-in.ts';
import { openKeys } from './keys.ts';

/** Clocks of issuers may differ from ours by this. */
const TOLERANCE_SECONDS = 30;
const GROUPS_MAX = 500;
const TEXT_MAX = 256;

/** What became of an access token. A fault is told only of a token that a trusted issuer did sign. */
export type CheckedToken =
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'refused'; readonly fault: string | undefined }
  /** The issuer's keys can't be read. */
  | { readonly kind: 'unavailable' };

type Trusted = TrustedIssuer & { readonly keysOf: ReturnType<typeof openKeys> };

export function createVerifier(issuers: readonly TrustedIssuer[], nowMs: () => number) {
  const trusted = new Map<string, Trusted>(
    issuers.map((one) => [one.issuer, { ...one, keysOf: openKeys(one, nowMs) }]),
  );
  return async (token: string): Promise<CheckedToken> => {
    const issuer = trusted.get(issuerOf(token) ?? '');
    if (issuer === undefined) return { kind: 'refused', fault: undefined };
    try {
      const { payload } = await jwtVerify(token, await issuer.keysOf(), {
        issuer: issuer.issuer,
        algorithms: issuer.algorithms,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(nowMs()),
        requiredClaims: ['sub', 'exp'],
        ...(issuer.audienceClaim === 'aud' ? { audience: issuer.audiences } : {}),
      });
      const fault = faultOf(issuer, payload);
      return fault === undefined
        ? { kind: 'identity', identity: identityOf(issuer, payload) }
        : { kind: 'refused', fault };
    } catch (error) {
      return refusalOf(error);
    }
  };
}

/** Says which keys to look at, and no more: nothing is believed before the signature holds. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** What the standard claims leave open: the audience by another name, and a subject that bindings can name. */
function faultOf({ audienceClaim, audiences }: Trusted, payload: JWTPayload): string | undefined {
  const subject = payload.sub ?? '';
  if (subject.length === 0 || subject.length > TEXT_MAX || !WELL_FORMED.test(subject))
    return 'its subject is empty, too long, or no text';
  if (audienceClaim === 'aud') return undefined;
  const use = payload['token_use'];
  if (use !== undefined && use !== 'access') return 'it is no access token';
  const client = payload['client_id'];
  return typeof client === 'string' && audiences.includes(client) ? undefined : 'it is for another audience';
}

function identityOf({ issuer, kind, nameClaim, groupsClaim }: Trusted, payload: JWTPayload): Identity {
  const subject = payload.sub ?? '';
  const claims = Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
  return {
    kind: kind === 'people' ? 'person' : 'machine',
    issuer,
    subject,
    name: (claims[nameClaim] ?? subject).slice(0, TEXT_MAX),
    groups: z.array(z.string()).max(GROUPS_MAX).catch([]).parse(payload[groupsClaim]),
    claims,
  };
}

const FAULTS: Readonly<Record<string, string>> = {
  aud: 'it is for another audience',
  iss: 'it is of another issuer',
  nbf: 'it does not hold yet',
  exp: 'it does not say when it ends',
  sub: 'it does not say whose it is',
};

function refusalOf(error: unknown): CheckedToken {
  if (error instanceof errors.JWTExpired) return { kind: 'refused', fault: 'it has expired' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { kind: 'refused', fault: FAULTS[error.claim] ?? `its claim ${error.claim} is wrong` };
  return isAboutToken(error) ? { kind: 'refused', fault: undefined } : { kind: 'unavailable' };
}

/** Everything else is about the issuer's keys, which we could not have. */
function isAboutToken(error: unknown): boolean {
  return [
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JWTInvalid,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => error instanceof kind);
}
