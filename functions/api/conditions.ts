/** Gathers the evidence that the conditions of sites, routes and policies are judged by. The judging is the domain's. */
import type { Condition } from '../../protocol/metadata.ts';
import type { EdgeFacts, TenantEstate } from '../domain/estate.ts';
import { siteConditions } from '../domain/readiness.ts';
import { edgeConditions, type HubBatch, hubConditions } from '../domain/status.ts';
import { readEstate } from '../reconcile/estate.ts';
import type { Item } from '../store/port.ts';
import type { Desk } from './collection.ts';
import { allLive } from './dependent.ts';
import { pairsInForce } from './native.ts';
import { isEnrolled, readBatches } from './progress.ts';

/** All of a tenant, as the compilers see it; an empty one if it is gone. */
export async function readTenantEstate(desk: Desk, tenant: string | undefined): Promise<TenantEstate> {
  const nothing = { name: '', isolation: 'open' as const };
  const none = { sites: [], edges: [], services: [], policies: [], routes: [] };
  const empty = { ...nothing, ...none, clusters: [], apps: [], addressPools: [], keys: [], bindings: [] };
  if (tenant === undefined) return empty;
  const estate = await readEstate(desk.store, desk.deployment, new Set([tenant]));
  return estate.tenants[0] ?? empty;
}

/** The conditions of any site of a tenant, from one reading of it. */
export async function readSiteConditions(
  desk: Desk,
  tenantName: string,
): Promise<(item: Item<'site'>) => Condition[]> {
  const tenant = await readTenantEstate(desk, tenantName);
  const batches = await readBatches(desk.store);
  const hubs = await allLive(desk.store, { kind: 'hub', tenant: '*' });
  const pairs = await pairsInForce(desk.store, tenant.sites);
  const now = desk.clock.now();
  return ({ key, updatedAt }) => {
    const site = tenant.sites.find((candidate) => candidate.name === key.name);
    if (site === undefined) return [];
    const edges = tenant.edges.filter((edge) => edge.site === key.name);
    return siteConditions({
      site,
      edges: edges.map((edge) => ({ edge, connected: connectedOf(edge, batches, now) })),
      hubs: hubs
        .filter(({ spec }) => spec.vpc?.tenant === tenantName && spec.vpc.site === key.name)
        .map((hub) => reportingOf(hub, batches, now)),
      sites: tenant.sites,
      pairs,
      updatedAt,
    });
  };
}

function connectedOf(edge: EdgeFacts, hubs: readonly HubBatch[], now: string): Condition {
  const { id, approved, quarantined, since } = edge;
  return conditionNamed(
    'Connected',
    edgeConditions({ agent: id, approved, quarantined, updatedAt: since, hubs, now }),
  );
}

function reportingOf(hub: Item<'hub'>, batches: readonly HubBatch[], now: string): Condition {
  const own = batches.find((batch) => batch.hub === hub.key.name)?.batch;
  return conditionNamed(
    'Reporting',
    hubConditions({ enrolled: isEnrolled(hub), updatedAt: hub.updatedAt, own, now }),
  );
}

/** The one of this type; that there is one is the domain's promise. */
export function conditionNamed(type: string, conditions: readonly Condition[]): Condition {
  const found = conditions.find((condition) => condition.type === type);
  if (found === undefined) throw new Error(`there is no condition ${type}`);
  return found;
}
