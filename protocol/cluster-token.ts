/**
 * The token that `isthmus` shows a cluster for a person: a JWT of at most 15 minutes for exactly one cluster. It says who asks;
 * what that one may do stands in the edge's own document, so that access ends with the document and not with the token.
 */
import { z } from 'zod';
import { Bearer } from './identity.ts';
import { Timestamp } from './metadata.ts';
import { RoleName } from './role.ts';

export const CLUSTER_TOKEN_TYPE = 'isthmus-cluster+jwt';
/** Ed25519. */
export const CLUSTER_TOKEN_ALGORITHM = 'EdDSA';
export const CLUSTER_TOKEN_ISSUER = 'isthmus';
export const CLUSTER_TOKEN_SECONDS = 900;
/** Characters. The proxy's limit on all headers together is four times as much. */
export const CLUSTER_TOKEN_LENGTH_MAX = 8_192;
/** Characters of whom a token names: what audit entries and reports have room for. */
export const CLUSTER_SUBJECT_LENGTH_MAX = 200;
/** Clocks of the control plane and of an edge may differ by this. */
export const CLUSTER_TOKEN_TOLERANCE_SECONDS = 60;

/** The only audience that a token for this cluster has. */
export function clusterAudience(tenant: string, cluster: string): string {
  return `isthmus:cluster:${tenant}/${cluster}`;
}

/**
 * `sub` names a key of the edge's document; or, of whoever signed in, the user that follows from `who`, which that document's bindings are held against. Header: `{alg, typ, kid}`,
 * `kid` being the id of an issuer of the same document.
 */
export const ClusterTokenClaims = z.strictObject({
  iss: z.literal(CLUSTER_TOKEN_ISSUER),
  aud: z.string(),
  sub: z.string().min(1).max(CLUSTER_SUBJECT_LENGTH_MAX),
  who: Bearer.optional(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(16).max(64),
});
export type ClusterTokenClaims = z.infer<typeof ClusterTokenClaims>;

/** Answer of `POST /v1/tenants/{tenant}/clusters/{cluster}/credentials`. */
export const ClusterCredential = z
  .strictObject({
    token: z.string(),
    expiresAt: Timestamp,
    subject: z.string(),
    groups: z.array(z.string()),
    role: RoleName,
  })
  .meta({ id: 'ClusterCredential' });
export type ClusterCredential = z.infer<typeof ClusterCredential>;
