/**
 * From the estate to the leaves of one agent's document. Leaves are small and each depends on little, so that a
 * change touches few of them: the join of a site changes no other edge's. Order of input never matters.
 */
import type { HubsLeaf, Leaf, NetworkLeaf, PeerLeaf, SelfLeaf } from '../../protocol/document.ts';
import type { NamesLeaf } from '../../protocol/reach-leaf.ts';
import type { Mapping } from '../../protocol/site.ts';
import { clusterLeaves, clustersLeaf } from './cluster.ts';
import { hasTwoKeys, keyOrder, takenNextKeys } from './edge-keys.ts';
import { appsLeaf } from './endpoint.ts';
import {
  carriedBy,
  type DeploymentFacts,
  type EdgeFacts,
  type Estate,
  enrolledHubs,
  type HubFacts,
  isLive,
  mappingsOf,
  type SiteFacts,
  servicesOf,
  siteOf,
  type TenantEstate,
} from './estate.ts';
import { type NativePair, nativePairs, nativeSite, peersOf } from './native.ts';
import { distinctBy, sortedBy, sortedPrefixes } from './order.ts';
import { compileNativePairs, compilePairs } from './policy.ts';
import { policyLeaf } from './policy-lock.ts';
import { proofLeaf } from './proof.ts';
import { routesLeaf } from './route.ts';
import { virtualAddress } from './service.ts';
import { slotLeaf } from './slot.ts';

export type Leaves = Record<string, Leaf>;

export interface EdgeInput {
  readonly deployment: DeploymentFacts;
  readonly hubs: readonly HubFacts[];
  /** The edge's own tenant: nothing of another one is in its document. */
  readonly tenant: TenantEstate;
  /** Id of the edge. */
  readonly edge: string;
}

/** The leaves of an edge; undefined if it is not live (it has no document) or its site is gone. */
export function compileEdge(input: EdgeInput): Leaves | undefined {
  const { deployment, hubs, tenant } = input;
  const edge = tenant.edges.find((candidate) => candidate.id === input.edge);
  const site = edge && siteOf(tenant, edge.site);
  if (!edge || !site || !isLive(edge)) return undefined;
  const pairs = pairsOfTenant(tenant);
  const prefixes = carriedBy(site, tenant.edges, hubs).get(edge.id) ?? [];
  const flows = { tenant, site: site.name, hubs, pairs };
  return {
    self: edgeSelf(edge, deployment),
    roots: rootsLeaf(deployment),
    hubs: { kind: 'hubs', hubs: enrolledHubs(hubs).map(dialled) },
    network: networkLeaf({ tenant, site, prefixes, pairs }),
    policy: policyLeaf(flows),
    proof: proofLeaf(edge, { tenant, hubs }),
    names: namesLeaf(tenant, site),
    ...named(appsLeaves(tenant, [site])),
    ...clusterLeaves(tenant, edge, deployment),
  };
}

/** By the sites of a tenant: the pairs are the same for all of its edges. */
const PAIRS = new WeakMap<TenantEstate['sites'], readonly NativePair[]>();

export function pairsOfTenant({ sites }: TenantEstate): readonly NativePair[] {
  const pairs = PAIRS.get(sites) ?? nativePairs(sites.map(nativeSite));
  PAIRS.set(sites, pairs);
  return pairs;
}

/** The leaves of a hub; undefined if there is no such hub, or it has not enrolled yet. */
export function compileHub(input: Estate & { readonly hub: string }): Leaves | undefined {
  const hubs = enrolledHubs(input.hubs);
  const hub = hubs.find((candidate) => candidate.name === input.hub);
  if (!hub) return undefined;
  const pairs = nativePairs(input.tenants.flatMap((tenant) => tenant.sites.map(nativeSite)));
  const slot = slotLeaf(input, hub);
  const twins = hubs.filter((other) => other.group === hub.group && other.name !== hub.name);
  return {
    self: hubSelf(hub, input.deployment),
    roots: rootsLeaf(input.deployment),
    twins: { kind: 'twins', hubs: twins.map(dialled) },
    ...peerLeaves(input, { pairs, nextKeys: hasTwoKeys(hub) ? takenNextKeys(input) : NO_KEYS }),
    ...named(input.tenants.map((tenant) => tenantLeaves(tenant, pairs, input.deployment)).flat()),
    ...vpcLeaves(hub, input, pairs),
    ...(slot === undefined ? {} : { slot }),
  };
}

type NamedLeaf = readonly [name: string, leaf: Leaf];

function named(leaves: readonly NamedLeaf[]): Leaves {
  return Object.fromEntries(sortedBy(leaves, ([name]) => name));
}

function edgeSelf(edge: EdgeFacts, deployment: DeploymentFacts): SelfLeaf {
  const keys = keyOrder(edge);
  return {
    kind: 'self',
    agent: edge.id,
    role: 'edge',
    tenant: edge.tenant,
    site: edge.site,
    tunnelAddress: edge.tunnelAddress,
    ...ofDeployment(deployment),
    ...(keys && { keys }),
  };
}

function hubSelf(hub: HubFacts, deployment: DeploymentFacts): SelfLeaf {
  return {
    kind: 'self',
    agent: hub.id,
    role: 'hub',
    tunnelAddress: hub.tunnelAddress,
    ...ofDeployment(deployment),
    listenPort: Number(hub.endpoint.split(':')[1]),
  };
}

function ofDeployment({ pools, domain, pollSeconds }: DeploymentFacts) {
  return { pools: [...pools], domain, pollSeconds };
}

function rootsLeaf({ roots }: DeploymentFacts): Leaf {
  return { kind: 'roots', roots: sortedBy(roots, (root) => root.id) };
}

function dialled(hub: HubFacts & { readonly publicKey: string }): HubsLeaf['hubs'][number] {
  const { name, publicKey, endpoint, tunnelAddress } = hub;
  return { name, publicKey, endpoint, tunnelAddress };
}

interface NetworkInput {
  readonly tenant: TenantEstate;
  readonly site: SiteFacts;
  readonly prefixes: readonly Mapping[];
  readonly pairs: readonly NativePair[];
}

function networkLeaf({ tenant, site, prefixes, pairs }: NetworkInput): NetworkLeaf {
  const native = peersOf({ tenant: tenant.name, name: site.name }, pairs).map((peer) => ({
    site: peer,
    prefixes: realsOf(mappingsOf(tenant, peer)),
  }));
  const own = sortedBy(prefixes, ({ virtual }) => virtual);
  return { kind: 'network', tenant: tenant.name, site: site.name, prefixes: own, lan: site.lan, native };
}

function namesLeaf(tenant: TenantEstate, site: SiteFacts): NamesLeaf {
  const own = sortedBy(servicesOf(tenant, site.name), (service) => service.name);
  const services = own.flatMap(({ name, address, port, protocol }) => {
    const virtual = virtualAddress(address, site.prefixes);
    return virtual === undefined ? [] : [{ name, real: address, virtual, port, protocol }];
  });
  return { kind: 'names', tenant: tenant.name, site: site.name, services };
}

const NO_KEYS: ReadonlyMap<string, string> = new Map();

interface PeerInput {
  readonly pairs: readonly NativePair[];
  /** By edge id; none to a hub that would not understand them. */
  readonly nextKeys: ReadonlyMap<string, string>;
}

/**
 * The live edges of all tenants. A WireGuard key is one peer: of two with the same key the older stays, so that
 * nobody takes over a peer by claiming its key.
 */
function peerLeaves(estate: Estate, input: PeerInput): Leaves {
  const hubKeys = new Set(estate.hubs.map((hub) => hub.publicKey));
  const live = estate.tenants.flatMap((tenant) =>
    tenant.edges
      .filter((edge) => isLive(edge) && !hubKeys.has(edge.publicKey))
      .flatMap((edge) => {
        const site = siteOf(tenant, edge.site);
        return site ? [{ edge, site, tenant }] : [];
      }),
  );
  const oldestFirst = sortedBy(live, ({ edge }) => `${edge.since} ${edge.id}`);
  const kept = distinctBy(oldestFirst, ({ edge }) => edge.publicKey);
  return named(
    kept.map(({ edge, site, tenant }) => {
      const carried = carriedBy(site, tenant.edges, estate.hubs).get(edge.id) ?? [];
      return [`peer/${edge.tenant}/${edge.site}/${edge.name}`, peerLeaf(edge, carried, input)];
    }),
  );
}

function peerLeaf(edge: EdgeFacts, carried: readonly Mapping[], { pairs, nextKeys }: PeerInput): PeerLeaf {
  const nextKey = nextKeys.get(edge.id);
  const isNative = peersOf({ tenant: edge.tenant, name: edge.site }, pairs).length > 0;
  return {
    kind: 'peer',
    tenant: edge.tenant,
    site: edge.site,
    edge: edge.name,
    agent: edge.id,
    publicKey: edge.publicKey,
    ...(nextKey === undefined ? {} : { nextKey }),
    tunnelAddress: edge.tunnelAddress,
    virtual: sortedPrefixes(carried.map(({ virtual }) => virtual)),
    native: isNative ? realsOf(carried) : [],
  };
}

/** Who of a tenant may exchange packets, as hubs know it. */
export function membershipLeaf(tenant: TenantEstate, pairs: readonly NativePair[]): Leaf {
  return {
    kind: 'tenant',
    tenant: tenant.name,
    isolation: tenant.isolation,
    pairs: compilePairs(tenant),
    native: compileNativePairs(tenant, pairs),
  };
}

/** What a hub knows of a tenant beside its peers; empty leaves are left out, but for the tenant's own. */
function tenantLeaves(
  tenant: TenantEstate,
  pairs: readonly NativePair[],
  deployment: DeploymentFacts,
): NamedLeaf[] {
  const routes = routesLeaf(tenant, deployment.browsers?.domain);
  const clusters = clustersLeaf(tenant, deployment);
  const names = tenant.sites
    .map((site) => namesLeaf(tenant, site))
    .filter((leaf) => leaf.services.length > 0);
  return [
    [`tenant/${tenant.name}`, membershipLeaf(tenant, pairs)],
    ...(routes.routes.length > 0 || routes.apps !== undefined
      ? [[`routes/${tenant.name}`, routes] as const]
      : []),
    ...(clusters.clusters.length > 0 ? [[`clusters/${tenant.name}`, clusters] as const] : []),
    ...names.map((leaf) => [`names/${leaf.tenant}/${leaf.site}`, leaf] as const),
    ...appsLeaves(tenant, tenant.sites),
  ];
}

function appsLeaves(tenant: TenantEstate, sites: readonly SiteFacts[]): NamedLeaf[] {
  return sites.flatMap(({ name }): NamedLeaf[] => {
    const leaf = appsLeaf(tenant, name);
    return leaf === undefined ? [] : [[`apps/${tenant.name}/${name}`, leaf]];
  });
}

/** For the VPC that it stands in a hub is what an edge is for its site: translation, and the policy for what comes in. */
function vpcLeaves(hub: HubFacts, estate: Estate, pairs: readonly NativePair[]): Leaves {
  const tenant = estate.tenants.find((candidate) => candidate.name === hub.vpc?.tenant);
  const site = tenant && siteOf(tenant, hub.vpc?.site ?? '');
  if (!tenant || !site) return {};
  return {
    network: networkLeaf({ tenant, site, prefixes: site.prefixes, pairs }),
    policy: policyLeaf({ tenant, site: site.name, hubs: estate.hubs, pairs }),
  };
}

function realsOf(mappings: readonly Mapping[]): string[] {
  return sortedPrefixes(mappings.map(({ real }) => real));
}
