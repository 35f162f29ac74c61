/** Reads bindings with what their roles give, for the clusters of a tenant. It decides nothing but what is absent; the order of roles is that of `functions/api/grants.ts`. */
import { isBuiltIn } from '../../protocol/key.ts';
import { BUILT_IN } from '../domain/authorize.ts';
import type { BindingFacts } from '../domain/estate.ts';
import type { Item, Store } from '../store/port.ts';
import { present } from './present.ts';

/** Of one place: a tenant, or the deployment (`*`). */
export interface Rights {
  readonly bindings: readonly Item<'binding'>[];
  readonly roles: readonly Item<'role'>[];
}

export async function readRights(store: Pick<Store, 'list'>, place: string): Promise<Rights> {
  const [bindings, roles] = await Promise.all([
    present(store, 'binding', place),
    present(store, 'role', place),
  ]);
  return { bindings, roles };
}

/** What is older than its tenant was of another one of that name. */
export function bindingFacts(
  tenant: Pick<Item<'tenant'>, 'createdAt'>,
  { own, shared }: { readonly own: Rights; readonly shared: Rights },
): BindingFacts[] {
  const isOwn = ({ createdAt }: Pick<Item, 'createdAt'>) => createdAt >= tenant.createdAt;
  const ownRoles = own.roles.filter(isOwn);
  return [
    ...shared.bindings.map((binding) => factsOf(binding, shared.roles)),
    ...own.bindings.filter(isOwn).map((binding) => factsOf(binding, [...shared.roles, ...ownRoles])),
  ];
}

/** `roles`: the one that counts comes first. One that is gone gives nothing. */
function factsOf({ key, spec }: Item<'binding'>, roles: readonly Item<'role'>[]): BindingFacts {
  const { who, role, sites } = spec;
  const rules = isBuiltIn(role)
    ? BUILT_IN[role]
    : roles.find(({ key: { name } }) => name === role)?.spec.rules;
  return { tenant: key.tenant, name: key.name, who, role, sites, rules: rules ?? [] };
}
