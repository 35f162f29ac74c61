/**
 * Gives a key a token for one cluster. The token says who asks and is short-lived; what may be done with it stands in the document of the
 * cluster's edge, so that taking a key away ends its access there within seconds.
 */
import { CLUSTER_TOKEN_SECONDS, ClusterCredential } from '../../protocol/cluster-token.ts';
import type { Caller } from '../domain/authorize.ts';
import { groupsOf, subjectOf } from '../domain/cluster.ts';
import { tokenClaims, tokenTexts } from '../domain/cluster-token.ts';
import { keyFacts } from '../reconcile/estate.ts';
import type { Item } from '../store/port.ts';
import { openIssuer } from './cluster-issuer.ts';
import { clusterKind } from './clusters.ts';
import { type Desk, findItem, findLive } from './collection.ts';
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
      const key = await keyOf(desk, call.principal);
      const groups = groupsOf(cluster.spec.access, key);
      if (groups.length === 0)
        return refuse(
          'forbidden',
          `The access of ${cluster.key.name} gives this key no group. An admin can change that.`,
        );
      const credential = await issue(desk, { cluster, subject: subjectOf(key), now: call.now });
      const detail = `Gave ${call.principal.name} a token as ${groups.join(', ')} until ${credential.expiresAt}.`;
      await desk.store.writeEvent(eventOf(cluster.key, causeOf(call), { action: 'issue', detail }));
      const json: ClusterCredential = { ...credential, groups: [...groups], role: call.principal.role };
      return { status: 200, json, headers: { 'cache-control': 'no-store' } };
    },
  });
}

/** The document of the cluster's edge names keys, and whoever signed in elsewhere has none. */
async function keyOf({ store }: Desk, { kind, tenant, name }: Caller) {
  if (kind !== 'key')
    return refuse('forbidden', 'Tokens for clusters are given to API keys only: make one, and ask with it.');
  const item = await findLive(store, { kind: 'key', tenant, name });
  return item === undefined ? refuse('unauthenticated', 'The key has just been deleted.') : keyFacts(item);
}

interface Issue {
  readonly cluster: Item<'cluster'>;
  readonly subject: string;
  readonly now: string;
}

async function issue({ tokenSecret, clock }: Desk, { cluster, subject, now }: Issue) {
  const { tenant, name } = cluster.key;
  const nowSeconds = Math.floor(Date.parse(now) / 1_000);
  const claims = tokenClaims({ tenant, cluster: name, subject, nowSeconds, id: clock.randomHex(ID_BYTES) });
  const issuer = openIssuer(await tokenSecret());
  const signed = tokenTexts(claims, issuer.root.id)
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.');
  const expiresAt = new Date((nowSeconds + CLUSTER_TOKEN_SECONDS) * 1_000).toISOString();
  return { token: `${signed}.${issuer.sign(signed)}`, expiresAt, subject };
}
