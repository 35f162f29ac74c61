/** Reads the estate of the domain room out of the table, with consistent reads. It decides nothing but what is absent. */

import { ClusterAccess } from '../../protocol/cluster.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import { edgeId } from '../domain/agent.ts';
import { keyId } from '../domain/cluster.ts';
import type {
  ClusterPlace,
  DeploymentFacts,
  Estate,
  HubFacts,
  KeyFacts,
  TenantEstate,
} from '../domain/estate.ts';
import { releaseInForce } from '../domain/rollout.ts';
import { ordersOf } from '../domain/rollout-stage.ts';
import { totalsOf } from '../domain/shares.ts';
import type { Item, Store } from '../store/port.ts';
import { bindingFacts, type Rights, readRights } from './bindings.ts';
import { present } from './present.ts';

/** The estate; with `only`, of these tenants alone. */
export async function readEstate(
  store: Pick<Store, 'list'>,
  deployment: DeploymentFacts,
  only?: ReadonlySet<string>,
): Promise<Estate> {
  const [hubs, tenants] = await Promise.all([present(store, 'hub', '*'), present(store, 'tenant', '*')]);
  let shared: Promise<Shared> | undefined;
  const sharedOnce = () => (shared ??= readShared(store));
  const wanted = tenants.filter((tenant) => only === undefined || only.has(tenant.key.name));
  const estates: TenantEstate[] = [];
  for (const tenant of wanted) estates.push(await readTenant(store, tenant, sharedOnce));
  return { deployment, hubs: hubs.map(hubFacts), tenants: estates };
}

/** What the clusters of every tenant know of the deployment. */
interface Shared extends Rights {
  readonly keys: readonly Item<'key'>[];
}

async function readShared(store: Pick<Store, 'list'>): Promise<Shared> {
  const [keys, rights] = await Promise.all([present(store, 'key', '*'), readRights(store, '*')]);
  return { keys, ...rights };
}

async function readTenant(
  store: Pick<Store, 'list'>,
  item: Item<'tenant'>,
  sharedOnce: () => Promise<Shared>,
): Promise<TenantEstate> {
  const { name } = item.key;
  const [sites, edges, services, policies, routes, clusters] = await Promise.all([
    present(store, 'site', name),
    present(store, 'edge', name),
    present(store, 'service', name),
    present(store, 'policy', name),
    present(store, 'route', name),
    present(store, 'cluster', name),
  ]);
  return {
    name,
    isolation: item.spec.isolation,
    sites: sites.map(siteFacts),
    edges: edges.map(edgeFacts),
    services: services.map(serviceFacts),
    policies: policies.map((policy) => ({ name: policy.key.name, ...policy.spec })),
    routes: routes.map((route) => ({ name: route.key.name, ...route.spec })),
    clusters: clusters.map(clusterPlace),
    ...(clusters.length === 0 ? NO_WORKLOADS : await readWorkloads(store, item, sharedOnce)),
  };
}

type Workloads = Pick<TenantEstate, 'apps' | 'addressPools' | 'keys' | 'bindings'>;

const NO_WORKLOADS: Workloads = { apps: [], addressPools: [], keys: [], bindings: [] };

/** Most tenants have no cluster, and are spared these reads. A key is older than no tenant of its own. */
async function readWorkloads(
  store: Pick<Store, 'list'>,
  tenant: Item<'tenant'>,
  sharedOnce: () => Promise<Shared>,
): Promise<Workloads> {
  const { name } = tenant.key;
  const [apps, pools, keys, rights, shared] = await Promise.all([
    present(store, 'app', name),
    present(store, 'pool', name),
    present(store, 'key', name),
    readRights(store, name),
    sharedOnce(),
  ]);
  const own = keys.filter(({ createdAt }) => createdAt >= tenant.createdAt);
  return {
    apps: apps.map((app) => appFacts(app)),
    addressPools: pools.map(({ key, spec }) => ({ name: key.name, ranges: spec.ranges })),
    keys: [...shared.keys, ...own].map(keyFacts),
    bindings: bindingFacts(tenant, { own: rights, shared }),
  };
}

export function keyFacts({ key, spec, internal }: Item<'key'>): KeyFacts {
  return { tenant: key.tenant, name: key.name, role: spec.role, id: keyId(internal.secretHash) };
}

export function clusterPlace({ key, spec, status, internal }: Item<'cluster'>): ClusterPlace {
  const { site, record, backup } = spec;
  const { kind, agent, issuer, knows = [] } = status;
  // Items of earlier versions say less of access.
  const access = ClusterAccess.parse(spec.access);
  const [knowsBindings, knowsBrowsers] = [knows.includes('bindings'), knows.includes('browsers')];
  // An agent that knows of no drills would refuse its whole document.
  const drill = knows.includes('drills') ? internal.drill : undefined;
  const known = { knowsBindings, knowsBrowsers };
  return { name: key.name, kind, agent, issuer, site, access, record, backup, drill, ...known };
}

function appFacts({ key, spec, status }: Item<'app'>): TenantEstate['apps'][number] {
  const { placement: written, namespace = key.tenant, ...template } = spec;
  const placement = Placement.parse(written);
  const { assignments: wanted = [], leaving = [] } = status.placed ?? {};
  const assignments = [...wanted, ...leaving];
  const orders = ordersOf(status, totalsOf(assignments));
  const running = orders?.stable ?? releaseInForce(status, template);
  return {
    name: key.name,
    namespace,
    assignments,
    endpoints: status.endpoints ?? [],
    origins: status.origins ?? [],
    residency: placement.residency,
    nodes: nodeRulesOf(placement),
    release: running.release,
    template: running.template,
    ...(orders === undefined ? {} : { stage: orders.stage, next: orders.next }),
  };
}

function siteFacts({ key, spec, status }: Item<'site'>): TenantEstate['sites'][number] {
  const { kind, allotment, lan, native } = spec;
  return { tenant: key.tenant, name: key.name, kind, allotment, lan, native, prefixes: status.prefixes };
}

function edgeFacts({ key, spec, status, internal, createdAt }: Item<'edge'>): TenantEstate['edges'][number] {
  return {
    id: edgeId(key.tenant, key.name),
    tenant: key.tenant,
    name: key.name,
    site: spec.site,
    approved: spec.approved,
    quarantined: spec.quarantined,
    publicKey: status.wireguardKey,
    keyNumber: spec.keyNumber,
    key: status.key,
    nextKey: status.nextKey,
    features: status.features,
    tunnelAddress: status.tunnelAddress,
    accepted: status.accepted,
    allowed: internal.prefixes,
    since: createdAt,
  };
}

/** A service's name in the table is SITE/NAME. */
function serviceFacts({ key, spec }: Item<'service'>): TenantEstate['services'][number] {
  const [site = '', name = ''] = key.name.split('/');
  return { site, name, address: spec.address, port: spec.port, protocol: spec.protocol };
}

function hubFacts({ key, spec, status }: Item<'hub'>): HubFacts {
  return {
    id: status.agent,
    name: key.name,
    group: spec.group,
    endpoint: spec.endpoint,
    tunnelAddress: status.tunnelAddress,
    publicKey: spec.slot?.publicKey ?? status.wireguardKey,
    features: status.features,
    vpc: spec.vpc,
    slot: spec.slot,
  };
}
