/** From a role's name to its rules, and from a checked identity to all that it was given. Reads what is stored; decides nothing. */

import { type Identity, isNamed } from '../../protocol/identity.ts';
import { isBuiltIn } from '../../protocol/key.ts';
import type { Rule } from '../../protocol/role.ts';
import { BUILT_IN, type Grant } from '../domain/authorize.ts';
import type { Item, Store } from '../store/port.ts';
import { findLive } from './collection.ts';
import { allLive } from './dependent.ts';

/** Asked about everywhere, so many tenants are looked into. */
const TENANTS_MAX = 1_000;

/**
 * Undefined if there is no such role. The deployment's come before the tenant's own: a tenant can't give a name that others use another meaning.
 */
export async function rulesOf(
  store: Store,
  tenant: string,
  role: string,
): Promise<readonly Rule[] | undefined> {
  if (isBuiltIn(role)) return BUILT_IN[role];
  for (const place of new Set(['*', tenant])) {
    const found = await findLive(store, { kind: 'role', tenant: place, name: role });
    if (found !== undefined && (await isOfTenant(found, store))) return found.spec.rules;
  }
  return undefined;
}

/** What is of a tenant ends with it: one that comes later under the same name does not know it. */
export async function isOfTenant(
  { key, createdAt }: Pick<Item, 'key' | 'createdAt'>,
  store: Store,
): Promise<boolean> {
  if (key.tenant === '*') return true;
  const tenant = await findLive(store, { kind: 'tenant', tenant: '*', name: key.tenant });
  return tenant !== undefined && tenant.createdAt <= createdAt;
}

/** A grant of a role that is gone gives nothing, but shows that there was one. */
export async function grantOf(store: Store, of: Omit<Grant, 'rules'>): Promise<Grant> {
  return { ...of, rules: (await rulesOf(store, of.tenant, of.role)) ?? [] };
}

/** Where to look for bindings: the deployment and one tenant, or every tenant. */
export type Place = string | 'everywhere';

/** What bindings give the identity in the deployment and in this place. */
export async function grantsOf(store: Store, identity: Identity, place: Place): Promise<Grant[]> {
  const tenants = new Set(['*', ...(place === 'everywhere' ? await tenantNames(store) : [place])]);
  const found = await Promise.all([...tenants].map((tenant) => grantsIn(store, identity, tenant)));
  return found.flat();
}

async function grantsIn(store: Store, identity: Identity, tenant: string): Promise<Grant[]> {
  const bindings = await allLive(store, { kind: 'binding', tenant });
  const grants: Grant[] = [];
  for (const binding of bindings.filter(({ spec }) => isNamed(spec, identity))) {
    const { role, sites } = binding.spec;
    if (await isOfTenant(binding, store)) grants.push(await grantOf(store, { tenant, role, sites }));
  }
  return grants;
}

async function tenantNames(store: Store): Promise<string[]> {
  const tenants = await allLive(store, { kind: 'tenant', tenant: '*' });
  return tenants.slice(0, TENANTS_MAX).map(({ key }) => key.name);
}
