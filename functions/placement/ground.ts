/**
 * What of an estate changes seldom, laid out for reading fast: clusters by number in the order of their ids, labels as masks, sites as a matrix. It remembers what
 * was asked of it, so that many apps that ask alike cost as one.
 */
import { type LabelSubject, type LabelTest, passes, readConstraint } from '../../protocol/constraint.ts';
import { readTopic } from '../../protocol/placement.ts';
import type { Eligibility } from './eligible.ts';
import type { Estate, Latency, PlacedApp, PlacedCluster, PlacedNode, PlacedSite } from './estate.ts';

/** Between two sites of which nothing is known; at one site it is none. */
const LATENCY_UNKNOWN_MS = 100;

export interface Topology {
  readonly names: readonly string[];
  /** By cluster, the number of its value; clusters without the label share one. */
  readonly domainOf: Int32Array;
}

/** Tenants with the same clusters are of one group. */
interface TenantClusters {
  readonly group: number;
  readonly clusters: Int32Array;
}

export interface Ground {
  readonly clusters: readonly PlacedCluster[];
  readonly sites: readonly PlacedSite[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** By cluster, the number of its site. */
  readonly siteOf: Int32Array;
  readonly isPublic: Uint8Array;
  readonly costPerCpu: Float64Array;
  readonly costMax: number;
  /** Sites by sites. */
  readonly latencyMs: Float64Array;
  readonly masks: Map<string, Uint8Array>;
  readonly images: Map<string, Uint8Array>;
  readonly topologies: Map<string, Topology>;
  readonly slots: Map<string, Float64Array>;
  readonly eligibilities: Map<string, Eligibility>;
  readonly byApp: WeakMap<PlacedApp, Eligibility>;
  readonly tenants: Map<string, TenantClusters>;
  readonly ofNodes: Map<string, boolean>;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function latencies(sites: ReadonlyMap<string, number>, known: readonly Latency[]): Float64Array {
  const matrix = new Float64Array(sites.size * sites.size).fill(LATENCY_UNKNOWN_MS);
  for (let site = 0; site < sites.size; site++) matrix[site * sites.size + site] = 0;
  for (const { between, ms } of known) {
    const a = sites.get(between[0]);
    const b = sites.get(between[1]);
    if (a === undefined || b === undefined || a === b) continue;
    matrix[a * sites.size + b] = ms;
    matrix[b * sites.size + a] = ms;
  }
  return matrix;
}

/** A cluster whose site is not in the estate can't be judged and is left out. */
export function groundOf(estate: Estate): Ground {
  const sites = [...estate.sites].sort((a, b) => compareText(a.id, b.id));
  const siteIndex = new Map(sites.map(({ id }, index) => [id, index]));
  const clusters = estate.clusters
    .filter(({ site }) => siteIndex.has(site))
    .sort((a, b) => compareText(a.id, b.id));
  const siteOf = Int32Array.from(clusters, ({ site }) => siteIndex.get(site) ?? 0);
  const costPerCpu = Float64Array.from(siteOf, (site) => sites[site]?.costPerCpu ?? 0);
  return {
    clusters,
    sites,
    indexOf: new Map(clusters.map(({ id }, index) => [id, index])),
    siteOf,
    isPublic: Uint8Array.from(siteOf, (site) => Number(sites[site]?.location === 'public')),
    costPerCpu,
    costMax: costPerCpu.reduce((most, cost) => Math.max(most, cost), 0),
    latencyMs: latencies(siteIndex, estate.latencies),
    masks: new Map(),
    images: new Map(),
    topologies: new Map(),
    slots: new Map(),
    eligibilities: new Map(),
    byApp: new WeakMap(),
    tenants: new Map(),
    ofNodes: new Map(),
  };
}

/** Everything that a ground is made of, health and load aside. */
const LASTING = [
  'site',
  'tenants',
  'kind',
  'labels',
  'nodes',
  'policies',
  'images',
  'pools',
  'poolSizes',
  'name',
] as const;

/** The ground for a changed estate: the old one with what it remembers, if nothing changed that it is made of. */
export function groundAfter(previous: Ground, before: Estate, estate: Estate): Ground {
  if (estate.sites !== before.sites || estate.latencies !== before.latencies) return groundOf(estate);
  if (estate.clusters === before.clusters) return previous;
  if (estate.clusters.length !== before.clusters.length) return groundOf(estate);
  const clusters = [...previous.clusters];
  for (const cluster of estate.clusters) {
    const index = previous.indexOf.get(cluster.id);
    const old = index === undefined ? undefined : clusters[index];
    if (index === undefined || old === undefined) return groundOf(estate);
    if (LASTING.some((part) => old[part] !== cluster[part])) return groundOf(estate);
    clusters[index] = cluster;
  }
  return { ...previous, clusters };
}

function nodeValue({ kind, key }: LabelSubject, node: PlacedNode): string | undefined {
  if (kind === 'label') return node.labels[key];
  return key === 'role' ? node.role : node.name;
}

/** The value that a subject has for a cluster; nothing for subjects of nodes, of which a cluster has many. */
function clusterValue(subject: LabelSubject, cluster: PlacedCluster, site: PlacedSite): string | undefined {
  const { scope, kind, key } = subject;
  if (kind === 'attribute' && scope === 'site') return key === 'location' ? site.location : site.name;
  if (kind === 'attribute') return key === 'kind' ? cluster.kind : cluster.name;
  if (scope === 'site') return site.labels[key];
  return cluster.labels[key] ?? (scope === 'nearest' ? site.labels[key] : undefined);
}

export function nodePasses(test: LabelTest, node: PlacedNode): boolean {
  return passes(test, nodeValue(test.subject, node));
}

/** Calls with each cluster, its site and its number. */
function forClusters(
  ground: Ground,
  visit: (index: number, cluster: PlacedCluster, site: PlacedSite) => void,
): void {
  ground.clusters.forEach((cluster, index) => {
    const site = ground.sites[ground.siteOf[index] ?? -1];
    if (site !== undefined) visit(index, cluster, site);
  });
}

export function remember<Value>(memory: Map<string, Value>, key: string, make: () => Value): Value {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}

/** Where a constraint holds; one over nodes holds where a node satisfies it. */
export function maskOf(ground: Ground, constraint: string): Uint8Array {
  return remember(ground.masks, constraint, () => {
    const test = readConstraint(constraint);
    const mask = new Uint8Array(ground.clusters.length);
    forClusters(ground, (index, cluster, site) => {
      const holds =
        test.subject.scope === 'node'
          ? (cluster.nodes ?? []).some((node) => nodePasses(test, node))
          : passes(test, clusterValue(test.subject, cluster, site));
      mask[index] = Number(holds);
    });
    return mask;
  });
}

/** Where an image is, or may be because the cluster does not tell what it has; nothing if none tells of it. */
export function imageMask(ground: Ground, image: string): Uint8Array | undefined {
  if (ground.images.size === 0) {
    const untold = Uint8Array.from(ground.clusters, ({ images }) => (images === undefined ? 1 : 0));
    ground.clusters.forEach(({ images = [] }, index) => {
      for (const each of images) remember(ground.images, each, () => untold.slice())[index] = 1;
    });
  }
  return ground.images.get(image);
}

export function topologyOf(ground: Ground, topic: string): Topology {
  return remember(ground.topologies, topic, () => {
    const subject = readTopic(topic) ?? { scope: 'cluster', kind: 'attribute', key: 'name' };
    const domainOf = new Int32Array(ground.clusters.length);
    const numbers = new Map<string, number>();
    forClusters(ground, (index, cluster, site) => {
      // Names are unique in a tenant alone; ids are everywhere.
      const isName = subject.kind === 'attribute' && subject.key === 'name';
      const own = subject.scope === 'site' ? site.id : cluster.id;
      const value = isName ? own : (clusterValue(subject, cluster, site) ?? '');
      const number = numbers.get(value) ?? numbers.size;
      numbers.set(value, number);
      domainOf[index] = number;
    });
    return { names: [...numbers.keys()], domainOf };
  });
}

export function isOfNodes(ground: Ground, constraint: string): boolean {
  return remember(ground.ofNodes, constraint, () => readConstraint(constraint).subject.scope === 'node');
}

/** The clusters in which a tenant may run apps. */
export function clustersOf(ground: Ground, tenant: string): TenantClusters {
  return remember(ground.tenants, tenant, () => {
    const numbers = ground.clusters.flatMap(({ tenants }, index) =>
      tenants.includes(tenant) ? [index] : [],
    );
    const same = [...ground.tenants.values()].find(
      ({ clusters }) =>
        clusters.length === numbers.length && clusters.every((cluster, index) => cluster === numbers[index]),
    );
    return same ?? { group: ground.tenants.size, clusters: Int32Array.from(numbers) };
  });
}
