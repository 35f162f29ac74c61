/**
 * Who may do what. A key has one role in one tenant, or (`*`) in the deployment and every tenant. The answer never
 * depends on whether the thing exists: a key of one tenant gets `not_found` for all that is in another's tree.
 */
import type { Principal, Role } from '../../protocol/key.ts';
import { ROLES } from '../../protocol/key.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { ChangedItem } from './affected.ts';

/** `administer` is what only admins do: keys, and a tenant's being there. */
export type Action = 'read' | 'write' | 'administer';

export type ScopeKind = ChangedItem['kind'] | 'event' | 'deployment';

/** `tenant` is `*` for what belongs to the deployment: hubs, their tokens, its keys and events, the list of tenants. */
export interface Scope {
  readonly tenant: string;
  readonly kind: ScopeKind;
}

/** Writing these takes an admin. */
const ADMIN_KINDS: readonly ScopeKind[] = ['key', 'tenant', 'deployment', 'cluster'];

/**
 * - A viewer reads; an operator also writes sites, services, routes, policies, edges, tokens, apps, pools (and, of the
 *   deployment, hubs); an admin also keys, the tenant's own spec, and who may use a cluster.
 * - `administer` on kind `tenant` is to create or delete a tenant: it takes an admin key of the deployment.
 * - Pools, roots and version (`deployment`) are read by every key.
 * - The tree of another tenant is `not_found`, read or write, whether it exists or not.
 */
export function mayUser(principal: Principal, action: Action, scope: Scope): true | Refusal {
  if (action === 'read' && scope.kind === 'deployment') return true;
  if (!reaches(principal, scope.tenant) && scope.tenant !== '*')
    return { code: 'not_found', detail: `There is no tenant ${scope.tenant} that this key may see.` };
  if (!reaches(principal, scope.tenant) || isOfDeployment(principal, action, scope))
    return { code: 'forbidden', detail: 'This takes a key of the whole deployment.' };
  const least = roleFor(action, scope.kind);
  if (ROLES.indexOf(principal.role) >= ROLES.indexOf(least)) return true;
  return { code: 'forbidden', detail: `This takes the role ${least}; the key has ${principal.role}.` };
}

function reaches(principal: Principal, tenant: string): boolean {
  return principal.tenant === '*' || principal.tenant === tenant;
}

function isOfDeployment(principal: Principal, action: Action, scope: Scope): boolean {
  return principal.tenant !== '*' && action === 'administer' && scope.kind === 'tenant';
}

function roleFor(action: Action, kind: ScopeKind): Role {
  if (action === 'read') return 'viewer';
  return action === 'administer' || ADMIN_KINDS.includes(kind) ? 'admin' : 'operator';
}
