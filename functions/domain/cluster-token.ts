/** The token of a cluster, up to its signature: what is claimed and how it is written (RFC 7515, compact). Who may have one is decided elsewhere. */
import {
  CLUSTER_TOKEN_ALGORITHM,
  CLUSTER_TOKEN_ISSUER,
  CLUSTER_TOKEN_SECONDS,
  CLUSTER_TOKEN_TYPE,
  type ClusterTokenClaims,
  clusterAudience,
} from '../../protocol/cluster-token.ts';
import type { Bearer } from '../../protocol/identity.ts';

export interface TokenWanted {
  readonly tenant: string;
  readonly cluster: string;
  readonly subject: string;
  /** Of who signed in; `subject` follows from it. */
  readonly who?: Bearer | undefined;
  /** Seconds since 1970. */
  readonly nowSeconds: number;
  /** At least 16 characters, never used before. */
  readonly id: string;
}

export function tokenClaims({
  tenant,
  cluster,
  subject,
  who,
  nowSeconds,
  id,
}: TokenWanted): ClusterTokenClaims {
  return {
    iss: CLUSTER_TOKEN_ISSUER,
    aud: clusterAudience(tenant, cluster),
    sub: subject,
    ...(who === undefined ? {} : { who }),
    iat: nowSeconds,
    exp: nowSeconds + CLUSTER_TOKEN_SECONDS,
    jti: id,
  };
}

/** Header and claims as JSON texts: both are to be written in base64url and joined by a point. */
export function tokenTexts(
  claims: ClusterTokenClaims,
  keyId: string,
): readonly [header: string, claims: string] {
  const header = { alg: CLUSTER_TOKEN_ALGORITHM, typ: CLUSTER_TOKEN_TYPE, kid: keyId };
  return [JSON.stringify(header), JSON.stringify(claims)];
}
