/**
 * As whom a caller comes to a cluster, and in which groups: a key by its role, who signed in elsewhere by the bindings that name him. It is what the document of the cluster's edge
 * says as well, or will within seconds.
 */
import { CLUSTER_SUBJECT_LENGTH_MAX } from '../../protocol/cluster-token.ts';
import { Bearer, bearerUser, groupsBound, type Identity } from '../../protocol/identity.ts';
import type { Caller } from '../domain/authorize.ts';
import { groupsOf, subjectOf } from '../domain/cluster.ts';
import { boundAt, countedOf } from '../domain/cluster-bindings.ts';
import { bindingFacts, readRights } from '../reconcile/bindings.ts';
import { clusterPlace, keyFacts } from '../reconcile/estate.ts';
import type { Item, Store } from '../store/port.ts';
import { type Desk, findLive } from './collection.ts';
import { refuse } from './problems.ts';

export const TOO_MUCH =
  'More groups and claims of yours are named by bindings than a token for a cluster has room for. Ask an admin for fewer bindings that name you.';

export interface Pass {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly who?: Bearer | undefined;
}

/** Ends the request if the cluster's access gives the caller nothing. */
export async function passOf({ store }: Desk, caller: Caller, cluster: Item<'cluster'>): Promise<Pass> {
  const { identity } = caller;
  if (identity !== undefined) return passOfIdentity(store, identity, cluster);
  const item = await findLive(store, { kind: 'key', tenant: caller.tenant, name: caller.name });
  if (item === undefined) return refuse('unauthenticated', 'The key has just been deleted.');
  const key = keyFacts(item);
  const groups = groupsOf(cluster.spec.access, key);
  if (groups.length === 0)
    refuse(
      'forbidden',
      `The access of ${cluster.key.name} gives this key no group. An admin can change that.`,
    );
  return { subject: subjectOf(key), groups };
}

async function passOfIdentity(store: Store, identity: Identity, cluster: Item<'cluster'>): Promise<Pass> {
  const { tenant, name } = cluster.key;
  const place = clusterPlace(cluster);
  if (!place.knowsBindings)
    refuse(
      'forbidden',
      `The edge of ${name} is of a version that knows API keys only. Run the installer's line on it again, or ask with a key.`,
    );
  const item = await findLive(store, { kind: 'tenant', tenant: '*', name: tenant });
  if (item === undefined) return refuse('not_found', `There is no tenant ${tenant}.`);
  const [own, shared] = await Promise.all([readRights(store, tenant), readRights(store, '*')]);
  const bindings = boundAt(place, { name: tenant, bindings: bindingFacts(item, { own, shared }) });
  const groups = groupsBound(bindings, identity);
  if (groups.length === 0)
    refuse(
      'forbidden',
      `No binding that names you gives a group in ${name}. An admin can bind you, or name a binding in the cluster's access.`,
    );
  return { groups, ...namedAs(countedOf(bindings, identity)) };
}

function namedAs(counted: Bearer): Required<Pick<Pass, 'subject' | 'who'>> {
  const subject = bearerUser(counted);
  if (subject.length > CLUSTER_SUBJECT_LENGTH_MAX)
    refuse(
      'forbidden',
      `Issuer and subject of your sign-in are longer than a cluster's user may be (${CLUSTER_SUBJECT_LENGTH_MAX} characters together). Ask with a key.`,
    );
  const who = Bearer.safeParse(counted);
  return who.success ? { subject, who: who.data } : refuse('forbidden', TOO_MUCH);
}
