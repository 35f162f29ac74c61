/** How many of a kind there may be. Counted before one more is made: of two that are made at once both may get in. */
import { COUNTS_MAX, type TenantSpec } from '../../protocol/tenant.ts';
import type { ItemKey, Kind, Store } from '../store/port.ts';
import { allLive } from './dependent.ts';
import { refuse } from './problems.ts';

/** Ends the request with `quota_exceeded` if the tenant (or the deployment) has as many of the kind as it may. */
export async function requireQuota(store: Store, { kind, tenant }: ItemKey): Promise<void> {
  const owner = tenant === '*' ? undefined : await store.get({ kind: 'tenant', tenant: '*', name: tenant });
  const most = countMax(kind, owner?.spec.quota);
  if (most === undefined) return;
  const there = await allLive(store, { kind, tenant });
  if (there.length < most) return;
  const where = tenant === '*' ? 'The deployment' : `The tenant ${tenant}`;
  refuse(
    'quota_exceeded',
    `${where} has ${there.length} of the kind ${kind}, and may have ${most}. Delete what is not needed${
      tenant === '*' ? '' : ', or let the deployment raise the quota of the tenant'
    }.`,
  );
}

type Counts = { readonly [K in Kind]?: number | undefined };

/** Undefined: of this kind people make none. */
function countMax(kind: Kind, quota: TenantSpec['quota'] = {}): number | undefined {
  const own: Counts = quota.counts ?? {};
  const usual: Counts = COUNTS_MAX;
  return own[kind] ?? usual[kind];
}
