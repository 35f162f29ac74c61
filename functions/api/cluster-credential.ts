/**
 * Gives a token for one cluster. The token says who asks and is short-lived; what may be done with it stands in the document of the
 * cluster's edge, so that taking a key or a binding away ends the access there within seconds.
 */
import {
  CLUSTER_TOKEN_LENGTH_MAX,
  CLUSTER_TOKEN_SECONDS,
  ClusterCredential,
} from '../../protocol/cluster-token.ts';
import { tokenClaims, tokenTexts } from '../domain/cluster-token.ts';
import type { Item } from '../store/port.ts';
import { openIssuer } from './cluster-issuer.ts';
import { type Pass, passOf, TOO_MUCH } from './cluster-pass.ts';
import { clusterKind } from './clusters.ts';
import { type Desk, findItem } from './collection.ts';
import { eventOf } from './item.ts';
import { NO_BODY, NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';
import { causeOf } from './resource.ts';

const ID_BYTES = 12;

export function credentialOperation(desk: Desk): Operation {
  const kind = clusterKind(desk);
  return operation({
    id: 'createClusterCredential',
    method: 'post',
    path: `${kind.path}/{cluster}/credentials`,
    tag: 'clusters',
    summary: 'Get a token for the cluster, for a quarter of an hour',
    guard: desk.guards.user('read', 'cluster'),
    body: NO_BODY,
    query: NO_QUERY,
    answers: [{ status: 200, description: 'Shown once; ask again for another', schema: ClusterCredential }],
    problems: ['not_found'],
    async handle(call) {
      const cluster = await findItem(desk.store, kind, call.param);
      const { kind: orchestrator } = cluster.status;
      if (orchestrator !== 'kubernetes')
        return refuse(
          'forbidden',
          `${cluster.key.name} is a ${orchestrator} cluster: its API is not passed on. Apps run there by manifest.`,
        );
      const pass = await passOf(desk, call.principal, cluster);
      const credential = await issue(desk, { cluster, pass, now: call.now });
      const detail = `Gave ${call.principal.name} a token as ${pass.groups.join(', ')} until ${credential.expiresAt}.`;
      await desk.store.writeEvent(eventOf(cluster.key, causeOf(call), { action: 'issue', detail }));
      const json: ClusterCredential = { ...credential, groups: [...pass.groups], role: call.principal.role };
      return { status: 200, json, headers: { 'cache-control': 'no-store' } };
    },
  });
}

interface Issue {
  readonly cluster: Item<'cluster'>;
  readonly pass: Pass;
  readonly now: string;
}

async function issue({ tokenSecret, clock }: Desk, { cluster, pass: { subject, who }, now }: Issue) {
  const { tenant, name } = cluster.key;
  const nowSeconds = Math.floor(Date.parse(now) / 1_000);
  const claims = tokenClaims({
    tenant,
    cluster: name,
    subject,
    who,
    nowSeconds,
    id: clock.randomHex(ID_BYTES),
  });
  const issuer = openIssuer(await tokenSecret());
  const signed = tokenTexts(claims, issuer.root.id)
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.');
  const expiresAt = new Date((nowSeconds + CLUSTER_TOKEN_SECONDS) * 1_000).toISOString();
  const token = `${signed}.${issuer.sign(signed)}`;
  if (token.length > CLUSTER_TOKEN_LENGTH_MAX) refuse('forbidden', TOO_MUCH);
  return { token, expiresAt, subject };
}
