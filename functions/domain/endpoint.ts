/**
 * Where apps are reached. A container counts once it is ready, with the first of these places that lies in an exposed prefix of its cluster's site: where its
 * cluster published its ports, its own address, its node's with the ports that the manifest opens there (these first if it opens all).
 */
import { isAddressIn, type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { AppInstance, AppTemplate, ContainerStatus } from '../../protocol/app.ts';
import { APP_ENDPOINTS_MAX, type AppEndpoint, type AppOrigin } from '../../protocol/app-endpoint.ts';
import type { AppsLeaf } from '../../protocol/reach-leaf.ts';
import type { Mapping } from '../../protocol/site.ts';
import type { Track } from '../../protocol/track.ts';
import type { AppFacts, TenantEstate } from './estate.ts';
import { mappingsOf } from './estate.ts';
import { distinctBy, sortedBy } from './order.ts';
import { virtualAddress } from './service.ts';

export interface EndpointEvidence {
  readonly cluster: string;
  readonly instance: Pick<AppInstance, 'containers' | 'track'>;
  /** Those of the release that a container is of, whichever it is: two releases may open different ones. */
  readonly portsOf: (container: ContainerStatus) => AppTemplate['ports'];
  /** Of the cluster. */
  readonly nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** Real prefixes that the cluster's site exposes. */
  readonly prefixes: readonly string[];
}

/** The app's endpoints in one cluster, by address; none of containers without ports. */
export function endpointsIn(evidence: EndpointEvidence): AppEndpoint[] {
  const ready = evidence.instance.containers.filter(({ state }) => state === 'ready');
  const exposed = evidence.prefixes.map(parsePrefix);
  const found = ready.flatMap((container) => placeOf(container, exposed, evidence) ?? []);
  const merged = new Map(found.map((endpoint) => [textOf(endpoint), endpoint]));
  return sortedBy([...merged.values()], textOf).slice(0, APP_ENDPOINTS_MAX);
}

/** Where the app's containers in one cluster speak from, ready or not. One that is known by its node's address alone has none: others speak from there too. */
export function originsIn(
  evidence: Pick<EndpointEvidence, 'cluster' | 'prefixes' | 'nodes'> & {
    readonly instances: readonly Pick<AppInstance, 'containers'>[];
  },
): AppOrigin[] {
  const { cluster, instances, nodes } = evidence;
  const exposed = evidence.prefixes.map(parsePrefix);
  const shared = new Set(nodes.flatMap(({ addresses }) => addresses));
  const own = instances
    .flatMap(({ containers }) => containers)
    .filter(({ state, address }) => state !== 'exited' && address !== '' && !shared.has(address))
    .filter(({ address }) => isAddressIn(address, exposed));
  return [...new Set(own.map(({ address }) => address))].sort().map((address) => ({ cluster, address }));
}

/** All origins of an app, after one of its clusters told of it. */
export function withOrigins(
  before: readonly AppOrigin[],
  cluster: string,
  now: readonly AppOrigin[],
): readonly AppOrigin[] {
  const others = before.filter((origin) => origin.cluster !== cluster);
  return sortedBy([...others, ...now], (one) => `${one.cluster} ${one.address}`).slice(0, APP_ENDPOINTS_MAX);
}

type Ports = AppEndpoint['ports'];

function placeOf(
  container: ContainerStatus,
  exposed: readonly Prefix[],
  evidence: EndpointEvidence,
): AppEndpoint | undefined {
  const { cluster, instance } = evidence;
  const ports = evidence.portsOf(container);
  const track = instance.track === 'next' ? { track: instance.track } : {};
  for (const { address, ports: open } of candidatesOf(container, ports, evidence)) {
    const place = { cluster, address, ports: inOrder(open, ports), ...track };
    if (place.ports.length > 0 && isAddressIn(address, exposed)) return place;
  }
  return undefined;
}

function* candidatesOf(
  { published = [], address, node }: ContainerStatus,
  ports: AppTemplate['ports'],
  { nodes }: EndpointEvidence,
): Generator<{ readonly address: string; readonly ports: Ports }> {
  for (const at of new Set(published.map((one) => one.address)))
    yield {
      address: at,
      ports: published.filter((one) => one.address === at).map(({ name, port }) => ({ name, port })),
    };
  const own = { address, ports: ports.map(({ name, port }) => ({ name, port })) };
  const isAllOpen = ports.every(({ hostPort }) => hostPort !== undefined);
  if (!isAllOpen) yield own;
  const open = ports.flatMap(({ name, hostPort }) =>
    hostPort === undefined ? [] : [{ name, port: hostPort }],
  );
  for (const at of nodes.find(({ name }) => name === node)?.addresses ?? [])
    yield { address: at, ports: open };
  // Who asked for ports of the nodes is to find the same ones in every cluster.
  if (isAllOpen) yield own;
}

function inOrder(open: Ports, ports: AppTemplate['ports']): Ports {
  return ports.flatMap(({ name }) => open.filter((port) => port.name === name).slice(0, 1));
}

/** All endpoints of an app, after one of its clusters told of it. */
export function withEndpoints(
  before: readonly AppEndpoint[],
  cluster: string,
  now: readonly AppEndpoint[],
): readonly AppEndpoint[] {
  const others = before.filter((endpoint) => endpoint.cluster !== cluster);
  return sortedBy([...others, ...now], textOf).slice(0, APP_ENDPOINTS_MAX);
}

function textOf({ cluster, address, ports, track }: AppEndpoint): string {
  return [cluster, address, track ?? '', ...ports.map(({ name, port }) => `${name}:${port}`)].join(' ');
}

/** The name that leads to an app, wherever it runs. Names of sites are at the same place, and have no address. */
export function appHostname(app: string, tenant: string, domain: string): string {
  return `${app}.${tenant}.${domain}`;
}

/** What is reached at a site, by app; apps without an endpoint there are left out. Undefined: there is none at all. */
export function appsLeaf(tenant: TenantEstate, site: string): AppsLeaf | undefined {
  const here = new Set(tenant.clusters.filter((cluster) => cluster.site === site).map(({ name }) => name));
  if (here.size === 0) return undefined;
  const mappings = mappingsOf(tenant, site);
  const apps = tenant.apps.flatMap((app) => {
    const endpoints = distinctBy(
      servingOf(app)
        .filter(({ cluster }) => here.has(cluster))
        .flatMap((endpoint) => seenFromAfar(endpoint, mappings)),
      endpointText,
    );
    return endpoints.length === 0 ? [] : [{ name: app.name, endpoints }];
  });
  if (apps.length === 0) return undefined;
  return { kind: 'apps', tenant: tenant.name, site, apps: sortedBy(apps, ({ name }) => name) };
}

/** Endpoints of tracks that are asked, in clusters that the app has replicas in. */
export function servingOf({
  endpoints,
  assignments,
  stage,
}: Pick<AppFacts, 'endpoints' | 'assignments' | 'stage'>): AppEndpoint[] {
  const asked: readonly Track[] = stage?.serving ?? ['stable'];
  const serving = new Set(
    assignments
      .filter(({ replicas, state }) => replicas > 0 && state !== 'lost')
      .map(({ cluster }) => cluster),
  );
  return endpoints.filter(({ cluster, track }) => serving.has(cluster) && asked.includes(track ?? 'stable'));
}

type FarEndpoint = AppsLeaf['apps'][number]['endpoints'][number];

/** What two clusters tell of is one endpoint. */
function endpointText({ virtual, ports }: FarEndpoint): string {
  return [virtual, ...ports.map(({ name, port }) => `${name}:${port}`)].join(' ');
}

function seenFromAfar({ address, ports }: AppEndpoint, mappings: readonly Mapping[]): FarEndpoint[] {
  const virtual = virtualAddress(address, mappings);
  return virtual === undefined ? [] : [{ real: address, virtual, ports }];
}
