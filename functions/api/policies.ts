/** Policies: flows that an isolated tenant allows. They may name sites and services that are yet to come. */
import {
  type Policy,
  PolicyCreation,
  PolicyList,
  PolicyReplacement,
  Policy as PolicySchema,
} from '../../protocol/policy.ts';
import { policyConditions } from '../domain/readiness.ts';
import type { Item } from '../store/port.ts';
import { type Creatable, type Desk, tenantPlace } from './collection.ts';
import { readTenantEstate } from './conditions.ts';
import { metadataOf } from './item.ts';
import type { Operation } from './operation.ts';
import { crudOperations } from './resource.ts';

export function policyOperations(desk: Desk): Operation[] {
  const kind: Creatable<'policy', Policy> = {
    kind: 'policy',
    path: '/v1/tenants/{tenant}/policies',
    schemas: {
      one: PolicySchema,
      list: PolicyList,
      creation: PolicyCreation,
      replacement: PolicyReplacement,
    },
    problems: [],
    place: tenantPlace,
    begin: (evidence) => evidence,
    prepare: async ({ spec }) => ({ spec, status: { conditions: [] } }),
    show: (items) => showPolicies(desk, items),
  };
  return crudOperations(desk, kind);
}

export async function showPolicies(desk: Desk, items: readonly Item<'policy'>[]): Promise<Policy[]> {
  const tenant = await readTenantEstate(desk, items[0]?.key.tenant);
  return items.map((item) => ({
    metadata: metadataOf(item),
    spec: item.spec,
    status: {
      conditions: policyConditions({ name: item.key.name, ...item.spec }, tenant, item.updatedAt),
    },
  }));
}
