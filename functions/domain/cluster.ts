/**
 * Clusters: how they are named at the hubs, who is which user in which groups there, and the leaves that say so. Whoever is not named in a leaf
 * is nobody to that cluster, whatever token it holds.
 */
import type { AppTemplate } from '../../protocol/app.ts';
import { CLUSTER_LABEL, CLUSTER_PORT, type ClusterAccess } from '../../protocol/cluster.ts';
import type { ClusterLeaf, ClustersLeaf, PoolLeaf, WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { Leaf } from '../../protocol/document.ts';
import { isBuiltIn } from '../../protocol/key.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { cpuTargetMillis } from '../../protocol/scaling.ts';
import { trackName } from '../../protocol/track.ts';
import { accessIn } from './app-access.ts';
import { browsersOf, isPassedOn, publicHost } from './browsers.ts';
import { boundAt } from './cluster-bindings.ts';
import type { ClusterPlace, DeploymentFacts, EdgeFacts, KeyFacts, TenantEstate } from './estate.ts';
import { isLive } from './estate.ts';
import { sortedBy } from './order.ts';
import type { TrackOrder } from './rollout-stage.ts';

const KEY_ID_DIGITS = 12;

/** What names at the hubs are made of. */
type NamingFacts = Pick<DeploymentFacts, 'domain' | 'browsers'>;

/** Server name of a cluster at the hubs. */
export function clusterHost(tenant: string, cluster: string, domain: string): string {
  return `${cluster}.${tenant}.${CLUSTER_LABEL}.${domain}`;
}

/** Tells a key from another that had or will have its name. The hash is of a secret that nobody can guess. */
export function keyId(secretHash: string): string {
  return secretHash.slice(0, KEY_ID_DIGITS);
}

/** Whom a token names. */
export function subjectOf({ tenant, name, id }: Pick<KeyFacts, 'tenant' | 'name' | 'id'>): string {
  return `${tenant}/${name}/${id}`;
}

/** The user that a cluster sees. No tenant is called `*`. */
export function userOf({ tenant, name }: Pick<KeyFacts, 'tenant' | 'name'>): string {
  return `isthmus:${tenant}:${name}`;
}

/** Groups of a key in a cluster of this access; a key of the tenant may have its own, and one with a role that is not built in must. Empty: it is shut out. */
export function groupsOf(
  access: ClusterAccess,
  key: Pick<KeyFacts, 'tenant' | 'name' | 'role'>,
): readonly string[] {
  const own = key.tenant === '*' ? undefined : access.keys.find((grant) => grant.key === key.name);
  return own?.groups ?? (isBuiltIn(key.role) ? access[key.role] : []);
}

/** What an edge is told of the clusters that it holds: who may ask, what runs there, which addresses it hands out. */
export function clusterLeaves(
  tenant: TenantEstate,
  edge: EdgeFacts,
  deployment: NamingFacts,
): Record<string, Leaf> {
  const own = tenant.clusters.filter(({ agent, site }) => agent === edge.id && site === edge.site);
  return Object.fromEntries(
    own.flatMap((cluster): [string, Leaf][] => [
      [`cluster/${cluster.name}`, clusterLeaf(tenant, cluster, deployment)],
      ...workloadLeaves(tenant, cluster).map((leaf): [string, Leaf] => [
        `workload/${cluster.name}/${trackName(leaf)}`,
        leaf,
      ]),
      ...poolLeaves(tenant, cluster).map((leaf): [string, Leaf] => [
        `pool/${cluster.name}/${leaf.pool}`,
        leaf,
      ]),
    ]),
  );
}

function clusterLeaf(tenant: TenantEstate, cluster: ClusterPlace, deployment: NamingFacts): ClusterLeaf {
  const access = tenant.keys.flatMap((key) => {
    const groups = groupsOf(cluster.access, key);
    return groups.length === 0
      ? []
      : [{ subject: subjectOf(key), user: userOf(key), groups: [...groups].sort() }];
  });
  const bindings = cluster.knowsBindings ? boundAt(cluster, tenant) : [];
  return {
    kind: 'cluster',
    tenant: tenant.name,
    cluster: cluster.name,
    type: cluster.kind,
    host: clusterHost(tenant.name, cluster.name, deployment.domain),
    access: sortedBy(access, ({ subject }) => subject),
    ...(bindings.length === 0 ? {} : { bindings }),
    issuers: [cluster.issuer],
    record: cluster.record,
    ...(cluster.backup === undefined ? {} : { backup: cluster.backup }),
    ...(cluster.drill === undefined ? {} : { drill: cluster.drill }),
    ...browsersOf(tenant.name, cluster, deployment.browsers),
  };
}

function workloadLeaves(tenant: TenantEstate, cluster: ClusterPlace): WorkloadLeaf[] {
  return tenant.apps.flatMap((app): WorkloadLeaf[] => {
    const here = app.assignments.filter((one) => one.cluster === cluster.name);
    const assigned = here.reduce((sum, { replicas }) => sum + replicas, 0);
    // Nobody else's to keep: an app of no replicas is there, and has none.
    if (here.length === 0) return [];
    const { name, namespace, release, template, nodes, stage, next } = app;
    const scene = { tenant, cluster, app: name };
    const leaf = (track: Pick<WorkloadLeaf, 'release' | 'template' | 'track'>): WorkloadLeaf => ({
      kind: 'workload',
      tenant: tenant.name,
      cluster: cluster.name,
      app: name,
      namespace,
      ...track,
      ...(isFree(nodes) ? {} : { nodes }),
      ...(stage === undefined ? {} : { stage }),
    });
    const stable = leaf({
      release,
      template: { ...template, access: accessIn(template, scene), replicas: assigned },
    });
    const share = next === undefined ? undefined : replicasOfNext(next, { cluster: cluster.name, assigned });
    const measured = { ...stable, ...sampleOf(template) };
    if (next === undefined || share === undefined) return [measured];
    const access = accessIn(next.template, scene);
    const beside = { ...next.template, access, replicas: share };
    return [measured, leaf({ release: next.release, template: beside, track: 'next' })];
  });
}

/** Undefined: the share of this cluster is none. */
function replicasOfNext(
  { shares }: TrackOrder,
  { cluster, assigned }: { readonly cluster: string; readonly assigned: number },
): number | undefined {
  if (shares === undefined) return assigned;
  const share = shares.get(cluster) ?? 0;
  return share === 0 ? undefined : share;
}

/** The control plane scales; the edge only measures for it. */
function sampleOf({ replicas, resources }: AppTemplate): Pick<WorkloadLeaf, 'sample'> {
  const cpuMillis = typeof replicas === 'number' ? undefined : cpuTargetMillis(replicas, resources);
  return cpuMillis === undefined ? {} : { sample: { cpuMillis } };
}

/** Any node will do. */
function isFree({ constraints, preferences, maxPerNode, groupBy }: NodeRules): boolean {
  return (
    constraints.length === 0 && preferences.length === 0 && maxPerNode === undefined && groupBy === undefined
  );
}

function poolLeaves(tenant: TenantEstate, cluster: ClusterPlace): PoolLeaf[] {
  return tenant.addressPools.flatMap(({ name, ranges }) => {
    const prefixes = ranges.filter((range) => range.cluster === cluster.name).map(({ prefix }) => prefix);
    if (prefixes.length === 0) return [];
    return [
      { kind: 'pool', tenant: tenant.name, cluster: cluster.name, pool: name, prefixes: prefixes.sort() },
    ];
  });
}

/** What the hubs pass through; clusters whose edge has no tunnel are left out. */
export function clustersLeaf(tenant: TenantEstate, { domain, browsers }: NamingFacts): ClustersLeaf {
  const edges = new Map(tenant.edges.filter(isLive).map((edge) => [edge.id, edge]));
  const reached = tenant.clusters.flatMap(({ name, agent, site, kind }) => {
    const edge = edges.get(agent);
    if (edge === undefined || edge.site !== site) return [];
    const hosts = [
      clusterHost(tenant.name, name, domain),
      ...(browsers === undefined || !isPassedOn(kind)
        ? []
        : [publicHost(tenant.name, name, browsers.domain)]),
    ];
    return hosts.map((host) => ({ host, address: edge.tunnelAddress, port: CLUSTER_PORT }));
  });
  return { kind: 'clusters', tenant: tenant.name, clusters: sortedBy(reached, ({ host }) => host) };
}
