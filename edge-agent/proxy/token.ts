/**
 * Who asks: whom a token names that an issuer of this very cluster has signed a moment ago. One algorithm, one type, one audience;
 * nothing in the token says by which key it is to be verified but the name of a key that is known already.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import {
  CLUSTER_TOKEN_ALGORITHM,
  CLUSTER_TOKEN_ISSUER,
  CLUSTER_TOKEN_LENGTH_MAX,
  CLUSTER_TOKEN_SECONDS,
  CLUSTER_TOKEN_TOLERANCE_SECONDS,
  CLUSTER_TOKEN_TYPE,
  ClusterTokenClaims,
  clusterAudience,
} from '../../protocol/cluster-token.ts';
import type { ClusterLeaf, SigningRoot } from '../../protocol/document.ts';
import { bearerUser } from '../../protocol/identity.ts';
import type { Claimant } from './access.ts';

const HEADER_MEMBERS = 'alg,kid,typ';

export type Verified =
  | { readonly kind: 'claimant'; readonly claimant: Claimant; readonly expiresSeconds: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** `nowMs`: milliseconds since 1970. */
export async function verifyToken(
  authorization: string | undefined,
  leaf: Pick<ClusterLeaf, 'tenant' | 'cluster' | 'issuers'>,
  nowMs: number,
): Promise<Verified> {
  const token = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > CLUSTER_TOKEN_LENGTH_MAX)
    return refused(
      'There is no token in the request. Get a kubeconfig by `isthmus kubeconfig`, which asks for one.',
    );
  const key = keyOf(token, leaf.issuers);
  if (key === undefined) return refused('The token is not of this cluster.');
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [CLUSTER_TOKEN_ALGORITHM],
      typ: CLUSTER_TOKEN_TYPE,
      issuer: CLUSTER_TOKEN_ISSUER,
      audience: clusterAudience(leaf.tenant, leaf.cluster),
      clockTolerance: CLUSTER_TOKEN_TOLERANCE_SECONDS,
      maxTokenAge: CLUSTER_TOKEN_SECONDS,
      currentDate: new Date(nowMs),
    });
    const claims = ClusterTokenClaims.safeParse(payload);
    if (!claims.success) return refused('The token claims something else than a token of a cluster does.');
    const { iat, exp, sub, who } = claims.data;
    if (exp <= iat || exp - iat > CLUSTER_TOKEN_SECONDS)
      return refused('The token is valid for longer than it may be.');
    if (who !== undefined && sub !== bearerUser(who)) return refused('The token names two who ask.');
    return { kind: 'claimant', claimant: { subject: sub, who }, expiresSeconds: exp };
  } catch (cause) {
    const isOver = cause instanceof errors.JWTExpired;
    return refused(
      isOver
        ? 'The token is too old, or the clocks differ. Ask for another one.'
        : 'The token is not of this cluster.',
    );
  }
}

/** Only a header of exactly our shape is looked at: no embedded key, no address of one, no critical extension. */
function keyOf(token: string, issuers: readonly SigningRoot[]): KeyObject | undefined {
  try {
    const header = decodeProtectedHeader(token);
    if (Object.keys(header).sort().join() !== HEADER_MEMBERS) return undefined;
    const issuer = issuers.find(({ id }) => id === header.kid);
    if (issuer === undefined || header.alg !== CLUSTER_TOKEN_ALGORITHM) return undefined;
    const key = createPublicKey({
      key: Buffer.from(issuer.publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

function refused(reason: string): Verified {
  return { kind: 'refused', reason };
}
