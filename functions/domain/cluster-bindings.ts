/**
 * Bindings at a cluster: whom they let in, and as which groups. A binding counts where its role lets read the cluster, by the same rules as in the API; what groups it then gives is
 * the cluster's own word.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import { CLUSTER_BINDINGS_MAX, type ClusterAccess } from '../../protocol/cluster.ts';
import { type Bearer, type Bound, type Identity, isNamed } from '../../protocol/identity.ts';
import { isBuiltIn } from '../../protocol/key.ts';
import { mayUser } from './authorize.ts';
import type { BindingFacts, ClusterPlace, TenantEstate } from './estate.ts';
import { sortedBy } from './order.ts';

/** One entry for each whom bindings name, sorted. */
export function boundAt(
  cluster: Pick<ClusterPlace, 'name' | 'site' | 'access'>,
  tenant: Pick<TenantEstate, 'name' | 'bindings'>,
): { who: Bound['who']; groups: string[] }[] {
  const merged = new Map<string, { who: Bound['who']; groups: Set<string> }>();
  for (const binding of tenant.bindings) {
    const groups = mayRead(binding, { cluster, tenant: tenant.name })
      ? groupsOfBinding(cluster.access, binding)
      : [];
    if (groups.length === 0) continue;
    const key = canonicalJson(binding.who);
    const known = merged.get(key)?.groups ?? [];
    merged.set(key, { who: binding.who, groups: new Set([...known, ...groups]) });
  }
  return sortedBy([...merged], ([key]) => key)
    .slice(0, CLUSTER_BINDINGS_MAX)
    .map(([, { who, groups }]) => ({ who, groups: [...groups].sort() }));
}

/** A binding of the tenant may have groups of its own, and one with a role that is not built in must. */
export function groupsOfBinding(
  access: ClusterAccess,
  { tenant, name, role }: Pick<BindingFacts, 'tenant' | 'name' | 'role'>,
): readonly string[] {
  const own = tenant === '*' ? undefined : access.bindings.find(({ binding }) => binding === name);
  return own?.groups ?? (isBuiltIn(role) ? access[role] : []);
}

interface Place {
  readonly cluster: Pick<ClusterPlace, 'name' | 'site'>;
  readonly tenant: string;
}

function mayRead(
  { tenant, role, rules, sites }: BindingFacts,
  { cluster: { name, site }, tenant: of }: Place,
): boolean {
  const scope = { tenant: of, kind: 'cluster', name, site } as const;
  return mayUser({ grants: [{ tenant, role, rules, sites }] }, 'read', scope) === true;
}

/** Of an identity what these bindings go by: a token tells nobody of other groups and claims. */
export function countedOf(bindings: readonly Bound[], identity: Identity): Bearer {
  const { kind, issuer, subject } = identity;
  const named = bindings.filter((binding) => isNamed(binding, identity)).map(({ who }) => who);
  const groups = named.flatMap((who) => (who.kind === 'group' ? [who.group] : []));
  const claims = named.flatMap((who) => (who.kind === 'machine' ? Object.keys(who.claims) : []));
  return {
    ...{ kind, issuer, subject },
    groups: [...new Set(groups)].sort(),
    claims: Object.fromEntries(
      [...new Set(claims)].sort().map((name) => [name, identity.claims[name] ?? '']),
    ),
  };
}
