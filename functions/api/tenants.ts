/** Tenants: made and removed by the deployment's admins; one that still has something in it stays. */
import {
  type Tenant,
  TenantCreation,
  TenantList,
  TenantReplacement,
  Tenant as TenantSchema,
} from '../../protocol/tenant.ts';
import { mayUser } from '../domain/authorize.ts';
import type { Item, Kind, Store } from '../store/port.ts';
import { type Creatable, type Desk, IN_DEPLOYMENT, type Wanted } from './collection.ts';
import { findDependent } from './dependent.ts';
import { readIsolation } from './isolation.ts';
import { metadataOf, sameJson } from './item.ts';
import type { Operation } from './operation.ts';
import { refuse } from './problems.ts';
import { crudOperations } from './resource.ts';

/** What keeps a tenant: a successor of its name must not inherit any of it, its keys least of all. */
const DEPENDENTS: readonly Kind[] = [
  'site',
  'edge',
  'route',
  'policy',
  'key',
  'role',
  'binding',
  'cluster',
  'app',
  'pool',
];

export function tenantOperations(desk: Desk): Operation[] {
  return crudOperations(desk, tenantKind(desk));
}

function tenantKind(desk: Desk): Creatable<'tenant', Tenant> {
  return {
    kind: 'tenant',
    path: '/v1/tenants',
    life: 'administer',
    schemas: {
      one: TenantSchema,
      list: TenantList,
      creation: TenantCreation,
      replacement: TenantReplacement,
    },
    problems: [],
    place: () => IN_DEPLOYMENT,
    begin: (evidence) => evidence,
    prepare: prepareTenant,
    show: (items) => showTenants(desk, items),
    release: (item) => releaseTenant(desk.store, item),
  };
}

/** Whoever is bound by a quota does not set it. */
async function prepareTenant({ key, spec, before, principal }: Wanted<'tenant'>) {
  const isOfDeployment = mayUser(principal, 'write', { tenant: '*', kind: 'tenant' }) === true;
  if (!isOfDeployment && !sameJson(before?.spec.quota ?? {}, spec.quota))
    refuse(
      'forbidden',
      `The quota of ${key.name} is set by roles of the deployment. Send spec.quota as you read it.`,
    );
  return { spec, status: { conditions: [] } };
}

export async function showTenants(desk: Desk, items: readonly Item<'tenant'>[]): Promise<Tenant[]> {
  const conditions = await readIsolation(desk, items);
  return items.map((item, index) => ({
    metadata: metadataOf(item),
    spec: item.spec,
    status: { conditions: conditions[index] ?? [] },
  }));
}

async function releaseTenant(store: Store, { key }: Item<'tenant'>): Promise<void> {
  for (const kind of DEPENDENTS) {
    const dependent = await findDependent(store, { kind, tenant: key.name }, () => true);
    if (dependent !== undefined)
      refuse('in_use', `The ${kind} ${dependent.key.name} is in the tenant ${key.name}. Delete it first.`);
  }
}
