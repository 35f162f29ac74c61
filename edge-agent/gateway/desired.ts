/**
 * What the gateway should be, from the hub's document and the host's settings. The leaves were validated by the control
 * plane, which a hub need not believe: a host or path that HAProxy could read as a command is refused here, and so is an
 * address outside the pools or among the agents' own, where the tunnel's services listen.
 */
import { containsAddress, type Prefix, parsePrefix, readAddress } from '../../protocol/address.ts';
import { CLUSTER_PORT } from '../../protocol/cluster.ts';
import type { ClustersLeaf, RoutesLeaf } from '../../protocol/document.ts';
import { RouteSpec } from '../../protocol/route.ts';
import type { GatewayRoute, GatewayState, RefusedRoute } from '../plan/gateway.ts';
import type { ClusterEntry } from '../plan/gateway-clusters.ts';
import { type GatewayDirectories, gatewayPaths } from '../plan/gateway-files.ts';
import { TARGETS_MAX } from '../plan/gateway-slots.ts';
import { type ConfigurationSettings, renderConfiguration } from './configuration.ts';

export interface GatewaySettings extends ConfigurationSettings {
  /** The hub's agent id. */
  readonly agent: string;
  readonly directories: GatewayDirectories;
  /** Virtual pools of the deployment, as in the `self` leaf; agents' tunnel addresses are the first /16 of the first. */
  readonly pools: readonly string[];
}

/** Routes of one gateway, over all tenants. */
export const ROUTES_MAX = 10_000;

const AGENTS_LENGTH = 16;

/** What of the document concerns the gateway. */
export interface GatewayLeaves {
  readonly routes: readonly RoutesLeaf[];
  readonly clusters: readonly ClustersLeaf[];
  /** Tunnel addresses of the edges that the hub has as peers: a cluster leads to one of them, or nowhere. */
  readonly edges: ReadonlySet<string>;
}

export function gatewayDesired(leaves: GatewayLeaves, settings: GatewaySettings): GatewayState {
  const paths = gatewayPaths(settings.directories);
  const pools = settings.pools.map(parsePrefix);
  const checked = leaves.routes
    .flatMap(({ tenant, routes }) => routes.map((route) => ({ tenant, ...route })))
    .map((route) => checkRoute(route, pools));
  const { routes, refused } = admit(checked);
  return {
    base: renderConfiguration(settings, paths),
    issuer: settings.agent,
    certificate: paths.own,
    routes,
    refused,
    clusters: clusterEntries(leaves),
  };
}

/** Clusters of one gateway. */
export const CLUSTERS_MAX = 10_000;
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?){3,}$/;

function clusterEntries({ clusters, edges }: GatewayLeaves): ClusterEntry[] {
  const good = clusters
    .flatMap((leaf) => leaf.clusters)
    .filter(({ host, address, port }) => HOST_NAME.test(host) && edges.has(address) && port === CLUSTER_PORT);
  const byHost = new Map(good.map(({ host, address }) => [host, { host, address }]));
  return [...byHost.values()].sort((a, b) => compareTexts(a.host, b.host)).slice(0, CLUSTERS_MAX);
}

interface NamedRoute extends GatewayRoute {
  readonly name: string;
}
type Checked =
  | { readonly kind: 'good'; readonly route: NamedRoute }
  | { readonly kind: 'refused'; readonly refused: RefusedRoute };

function checkRoute(
  route: RoutesLeaf['routes'][number] & { readonly tenant: string },
  pools: readonly Prefix[],
): Checked {
  const { tenant, name, host, path, address, port } = route;
  const refuse = (reason: RefusedRoute['reason']): Checked => ({
    kind: 'refused',
    refused: { tenant, name, reason },
  });
  if (!RouteSpec.shape.host.safeParse(host).success) return refuse('bad_host');
  if (!RouteSpec.shape.path.safeParse(path).success) return refuse('bad_path');
  if (!isServiceAddress(address, pools)) return refuse('address_not_allowed');
  const key = `${host}${path.endsWith('/') ? path : `${path}/`}`;
  return { kind: 'good', route: { key, tenant, name, address, port } };
}

/** True for a virtual address of a site: no loopback, link-local, metadata, hub or control plane address is one. */
function isServiceAddress(text: string, pools: readonly Prefix[]): boolean {
  const address = readAddress(text);
  if (typeof address === 'string') return false;
  const [first] = pools;
  const agents =
    first === undefined ? [] : [{ base: first.base, length: Math.max(AGENTS_LENGTH, first.length) }];
  return (
    pools.some((pool) => containsAddress(pool, address)) &&
    !agents.some((prefix) => containsAddress(prefix, address))
  );
}

/** The first of routes with the same key wins, by tenant and name, so that every hub decides alike. */
function admit(checked: readonly Checked[]): { routes: GatewayRoute[]; refused: RefusedRoute[] } {
  const refused = checked.flatMap((one) => (one.kind === 'refused' ? [one.refused] : []));
  const good = checked.flatMap((one) => (one.kind === 'good' ? [one.route] : []));
  const byKey = new Map<string, GatewayRoute>();
  const targets = new Set<string>();
  for (const { name, ...route } of good.sort(compareRoutes)) {
    const target = `${route.address}:${route.port}`;
    const full = byKey.size >= ROUTES_MAX || (!targets.has(target) && targets.size >= TARGETS_MAX);
    if (byKey.has(route.key)) refused.push({ tenant: route.tenant, name, reason: 'duplicate' });
    else if (full) refused.push({ tenant: route.tenant, name, reason: 'too_many' });
    else {
      byKey.set(route.key, route);
      targets.add(target);
    }
  }
  return { routes: [...byKey.values()].sort((a, b) => compareTexts(a.key, b.key)), refused };
}

function compareRoutes(a: NamedRoute, b: NamedRoute): number {
  return compareTexts(`${a.tenant} ${a.name}`, `${b.tenant} ${b.name}`);
}

/** By code unit: a locale would order differently from hub to hub. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
