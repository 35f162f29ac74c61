/**
 * What the gateway should be, from the hub's document and the host's settings. The leaves were validated by the control
 * plane, which a hub need not believe: a host or path that HAProxy could read as a command is refused here, and so is an
 * address outside the pools or among the agents' own, where the tunnel's services listen.
 */
import { isAddressIn, type Prefix, parsePrefix } from '../../protocol/address.ts';
import { APP_ENDPOINTS_MAX } from '../../protocol/app-endpoint.ts';
import { CLUSTER_PORT } from '../../protocol/cluster.ts';
import type { ClustersLeaf } from '../../protocol/cluster-leaf.ts';
import type { AppsLeaf, RoutesLeaf } from '../../protocol/reach-leaf.ts';
import { RouteSpec } from '../../protocol/route.ts';
import type { GatewayRoute, GatewayState, GatewayTarget, RefusedRoute } from '../plan/gateway.ts';
import type { ClusterEntry } from '../plan/gateway-clusters.ts';
import { type GatewayDirectories, gatewayPaths } from '../plan/gateway-files.ts';
import type { WantedGroup } from '../plan/gateway-groups.ts';
import { groupName, isGroupName } from '../plan/gateway-names.ts';
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
/** Apps' ports that routes lead to: each is a backend of its own. */
export const GROUPS_MAX = 1_024;

const AGENTS_LENGTH = 16;

/** What of the document concerns the gateway. */
export interface GatewayLeaves {
  readonly routes: readonly RoutesLeaf[];
  /** Where apps are reached, a leaf a site. */
  readonly apps: readonly AppsLeaf[];
  readonly clusters: readonly ClustersLeaf[];
  /** Tunnel addresses of the edges that the hub has as peers: a cluster leads to one of them, or nowhere. */
  readonly edges: ReadonlySet<string>;
}

export function gatewayDesired(leaves: GatewayLeaves, settings: GatewaySettings): GatewayState {
  const paths = gatewayPaths(settings.directories);
  const pools = settings.pools.map(parsePrefix);
  const { routes, refused } = admit(leaves.routes.flatMap((leaf) => checkedRoutes(leaf, pools)));
  return {
    base: renderConfiguration(settings, paths),
    issuer: settings.agent,
    certificate: paths.own,
    routes,
    groups: groupsOf(leaves, routes, pools),
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

type NamedRoute = GatewayRoute & { readonly name: string };
type Checked =
  | { readonly kind: 'good'; readonly route: NamedRoute }
  | { readonly kind: 'refused'; readonly refused: RefusedRoute };

interface RoutePlace {
  readonly tenant: string;
  readonly name: string;
  readonly host: string;
  readonly path: string;
}

function checkRoute(
  place: RoutePlace,
  to: GatewayTarget | { readonly group: string },
  pools: readonly Prefix[],
): Checked {
  const { tenant, name, host, path } = place;
  const refuse = (reason: RefusedRoute['reason']): Checked => ({
    kind: 'refused',
    refused: { tenant, name, reason },
  });
  if (!RouteSpec.shape.host.safeParse(host).success) return refuse('bad_host');
  if (!RouteSpec.shape.path.safeParse(path).success) return refuse('bad_path');
  if ('group' in to ? !isGroupName(to.group) : !isServiceAddress(to.address, pools))
    return refuse('address_not_allowed');
  const key = `${host}${path.endsWith('/') ? path : `${path}/`}`;
  return { kind: 'good', route: { key, tenant, name, ...to } };
}

function checkedRoutes({ tenant, routes, apps = [] }: RoutesLeaf, pools: readonly Prefix[]): Checked[] {
  return [
    ...routes.map(({ address, port, ...place }) =>
      checkRoute({ tenant, ...place }, { address, port }, pools),
    ),
    ...apps.map(({ app, port, ...place }) =>
      checkRoute({ tenant, ...place }, { group: groupName({ tenant, app, port }) }, pools),
    ),
  ];
}

/** What the groups of the routes lead to, at all sites together. A group without a container is there, and answers 503. */
function groupsOf(
  { routes, apps }: GatewayLeaves,
  admitted: readonly GatewayRoute[],
  pools: readonly Prefix[],
): WantedGroup[] {
  const wanted = new Set(admitted.flatMap((route) => ('group' in route ? [route.group] : [])));
  const named = new Map(
    routes.flatMap(({ tenant, apps: routed = [] }) =>
      routed.map(({ app, port }) => [groupName({ tenant, app, port }), { tenant, app, port }] as const),
    ),
  );
  return [...wanted].sort(compareTexts).map((name) => {
    const group = named.get(name);
    return { name, targets: group === undefined ? [] : targetsOf(group, apps, pools) };
  });
}

function targetsOf(
  { tenant, app, port }: { readonly tenant: string; readonly app: string; readonly port: string },
  apps: readonly AppsLeaf[],
  pools: readonly Prefix[],
): GatewayTarget[] {
  const targets = apps
    .filter((leaf) => leaf.tenant === tenant)
    .flatMap((leaf) => leaf.apps.filter(({ name }) => name === app))
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ virtual }) => isServiceAddress(virtual, pools))
    .flatMap(({ virtual, ports }) =>
      ports.filter(({ name }) => name === port).map((one) => ({ address: virtual, port: one.port })),
    );
  const distinct = new Map(targets.map((target) => [`${target.address}:${target.port}`, target]));
  return [...distinct.entries()]
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([, target]) => target)
    .slice(0, APP_ENDPOINTS_MAX);
}

/** True for a virtual address of a site: no loopback, link-local, metadata, hub or control plane address is one. */
function isServiceAddress(text: string, pools: readonly Prefix[]): boolean {
  const [first] = pools;
  const agents =
    first === undefined ? [] : [{ base: first.base, length: Math.max(AGENTS_LENGTH, first.length) }];
  return isAddressIn(text, pools) && !isAddressIn(text, agents);
}

/** The first of routes with the same key wins, by tenant and name, so that every hub decides alike. */
function admit(checked: readonly Checked[]): { routes: GatewayRoute[]; refused: RefusedRoute[] } {
  const refused = checked.flatMap((one) => (one.kind === 'refused' ? [one.refused] : []));
  const good = checked.flatMap((one) => (one.kind === 'good' ? [one.route] : []));
  const byKey = new Map<string, GatewayRoute>();
  const targets = new Set<string>();
  const groups = new Set<string>();
  for (const { name, ...route } of good.sort(compareRoutes)) {
    const [kind, target, max] =
      'group' in route
        ? [groups, route.group, GROUPS_MAX]
        : [targets, `${route.address}:${route.port}`, TARGETS_MAX];
    const full = byKey.size >= ROUTES_MAX || (!kind.has(target) && kind.size >= max);
    if (byKey.has(route.key)) refused.push({ tenant: route.tenant, name, reason: 'duplicate' });
    else if (full) refused.push({ tenant: route.tenant, name, reason: 'too_many' });
    else {
      byKey.set(route.key, route);
      kind.add(target);
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
