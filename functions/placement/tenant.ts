/**
 * One tenant as the control plane keeps it, as the estate that is planned. Placement is planned tenant by tenant, because clusters belong to one. What is not known
 * of a cluster counts against it: it gets nothing new, and what it has stays.
 */
import type { AppPlaced, AppSpec } from '../../protocol/app.ts';
import { LOST_AFTER_SECONDS_MIN } from '../../protocol/app-change.ts';
import type { Capacity, ClusterFacts, ClusterKind, ClusterNode } from '../../protocol/cluster.ts';
import { familiarImage } from '../../protocol/image.ts';
import type { Placement } from '../../protocol/placement.ts';
import type { SiteSpec } from '../../protocol/site.ts';
import { lacksOf, type Wanted } from '../../protocol/support.ts';
import type { TenantSpec } from '../../protocol/tenant.ts';
import type { Decision } from './decision.ts';
import type { Assignment, Estate, Health, Placed, PlacedApp, PlacedCluster, PlacedNode } from './estate.ts';
import { explain } from './explain.ts';
import type { Counted } from './leaving.ts';

export interface TenantView {
  readonly name: string;
  readonly quota: TenantSpec['quota'];
  readonly nowMs: number;
  readonly sites: readonly {
    readonly name: string;
    readonly spec: Pick<SiteSpec, 'kind' | 'labels' | 'costPerCpu'>;
  }[];
  readonly clusters: readonly ClusterView[];
  readonly apps: readonly AppView[];
}

export interface ClusterView {
  readonly name: string;
  readonly site: string;
  readonly kind: ClusterKind;
  readonly labels: Readonly<Record<string, string>>;
  readonly facts?: ClusterFacts | undefined;
  /** When its edge or the cluster was last heard, milliseconds since 1970; absent if never. */
  readonly heardAtMs?: number | undefined;
  /** A hub looks at its edge all the time. */
  readonly isWatched?: boolean | undefined;
  /** Pools that have a range there. */
  readonly pools: readonly string[];
  /** Addresses of each of them. */
  readonly poolSizes?: Readonly<Record<string, number>> | undefined;
}

export interface AppView {
  readonly name: string;
  readonly spec: Pick<
    AppSpec,
    'image' | 'replicas' | 'resources' | 'ports' | 'placement' | 'disconnect' | 'access'
  > &
    Wanted;
  readonly placed?: KeptPlacement | undefined;
  /** Of an app that scales: how many there are to be. */
  readonly scaled?: number | undefined;
}

export interface KeptPlacement extends Pick<AppPlaced, 'assignments'> {
  readonly roomSinceMs?: number | undefined;
  readonly isReworded?: boolean | undefined;
  /** Something is the matter, and the sentences say what. */
  readonly isNoted?: boolean | undefined;
  /** Replicas that stay until those in their place are ready. */
  readonly leaving?: readonly Counted[] | undefined;
}

export type KeptPlaced = AppPlaced & KeptPlacement;

/** Edges that no hub looks at say that they live well within this. */
const SILENT_MS = 90_000;
/** Edges probe their hubs several times a second. No longer than the shortest contract says. */
const WATCHED_SILENT_MS = LOST_AFTER_SECONDS_MIN * 1_000;

/** Whether somebody has heard of it lately. */
export function isHeard(
  { heardAtMs, isWatched }: Pick<ClusterView, 'heardAtMs' | 'isWatched'>,
  nowMs: number,
): boolean {
  const silentMs = isWatched === true ? WATCHED_SILENT_MS : SILENT_MS;
  return heardAtMs !== undefined && nowMs - heardAtMs < silentMs;
}

/** A container that asks for nothing takes something all the same. */
const LEAST_CPU_MILLIS = 1;
const LEAST_MEMORY_MIB = 1;
/** What it has room for is not known: nothing has to leave for that, and nothing new comes, because it is not known to be alive. */
const UNKNOWN: Capacity = { cpuMillis: 1e9, memoryMib: 1e9, pods: 1e6 };
const NOTHING: Capacity = { cpuMillis: 0, memoryMib: 0, pods: 0 };
/** Of the Kubernetes API conventions: set on nodes by who installs them. */
const MANAGER_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
const ROLE_LABEL = 'node.role';

export function estateOf(view: TenantView): Estate {
  const id = (name: string) => `${view.name}/${name}`;
  return {
    nowMs: view.nowMs,
    tenants: [{ name: view.name, quota: quotaOf(view.quota) }],
    sites: view.sites.map(({ name, spec }) => ({
      id: id(name),
      name,
      location: spec.kind === 'vpc' ? 'public' : 'private',
      labels: spec.labels,
      costPerCpu: spec.costPerCpu,
    })),
    clusters: view.clusters.map((cluster) => clusterOf(view, cluster)),
    apps: view.apps.map((app) => appOf(view.name, app)),
    latencies: latenciesOf(view),
    placed: view.apps.flatMap(({ name, placed }): Placed[] =>
      placed === undefined
        ? []
        : [
            {
              app: id(name),
              assignments: placed.assignments.map((one) => ({ ...one, cluster: id(one.cluster) })),
              ...(placed.roomSinceMs === undefined ? {} : { roomSinceMs: placed.roomSinceMs }),
            },
          ],
    ),
  };
}

/** Between sites packets pass a hub: the way is what both have to theirs. Made only where some app goes by it. */
function latenciesOf({ name: tenant, sites, clusters, apps }: TenantView): Estate['latencies'] {
  if (apps.every(({ spec }) => spec.placement.latencyTo.length === 0)) return [];
  const ways = sites.flatMap((site) => {
    const told = clusters.flatMap((one) => (one.site === site.name ? (one.facts?.rttMs ?? []) : []));
    return told.length === 0 ? [] : [{ id: `${tenant}/${site.name}`, ms: Math.min(...told) }];
  });
  return ways.flatMap((a, index) =>
    ways.slice(index + 1).map((b) => ({ between: [a.id, b.id] as const, ms: a.ms + b.ms })),
  );
}

/** How many replicas are looked for; of an app that scales and of which no number was chosen yet, as many as there are at least. */
function countOf({ spec: { replicas }, scaled }: AppView): number {
  return typeof replicas === 'number' ? replicas : (scaled ?? replicas.min);
}

/** What is kept of a decision; names are the tenant's again. */
export function placedOf(tenant: string, decision: Decision, at: string): KeptPlaced {
  const own = (id: string) => id.slice(tenant.length + 1);
  return {
    at,
    wanted: decision.wanted,
    unplaced: decision.unplaced,
    assignments: decision.assignments.map((one: Assignment) => ({ ...one, cluster: own(one.cluster) })),
    why: explain(decision).map((line) => line.replaceAll(`${tenant}/`, '')),
    ...(decision.roomSinceMs === undefined ? {} : { roomSinceMs: decision.roomSinceMs }),
    ...(decision.unplaced > 0 || decision.notes.length > 0 ? { isNoted: true } : {}),
  };
}

/**
 * True if nothing that counts differs. Ages in sentences don't; and while all have a place and nothing is the matter, the sentences of the choice stand, which a
 * later plan has no reason to make again.
 */
export function isSamePlacement(now: KeptPlaced, before: KeptPlaced | undefined): boolean {
  return before !== undefined && before.isReworded !== true && essence(now) === essence(before);
}

function essence(placed: KeptPlaced): string {
  const { wanted, unplaced, assignments, why, roomSinceMs, isNoted, leaving = [] } = placed;
  const words = isNoted === true ? why.map((line) => line.replaceAll(/\d+/g, '#')) : [];
  return JSON.stringify([wanted, unplaced, assignments, roomSinceMs, words, leaving]);
}

function quotaOf({ cpuMillis, memoryMib, replicas }: TenantSpec['quota']) {
  return {
    ...(cpuMillis === undefined ? {} : { cpuMillis }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(replicas === undefined ? {} : { replicas }),
  };
}

function clusterOf(view: TenantView, cluster: ClusterView): PlacedCluster {
  const { name: tenant, nowMs } = view;
  const { name, site, kind, labels, facts, pools, poolSizes } = cluster;
  const known = facts !== undefined && whyUnreachable(facts) === undefined ? facts : undefined;
  const there = known?.nodes.filter(({ verdict }) => verdict !== 'dead');
  const capacity = there === undefined ? UNKNOWN : sumOf(there.map((node) => node.capacity));
  return {
    id: `${tenant}/${name}`,
    name,
    site: `${tenant}/${site}`,
    tenants: [tenant],
    kind,
    labels,
    capacity,
    used: known?.foreign === undefined ? NOTHING : usedIn(capacity, known.foreign, heldIn(view, name)),
    ...(there === undefined ? {} : { nodes: there.filter(({ schedulable }) => schedulable).map(nodeOf) }),
    health: healthOf(cluster, nowMs),
    policies: facts?.network?.policies ?? 'unknown',
    ...(facts?.images && { images: facts.images }),
    pools,
    ...(poolSizes === undefined ? {} : { poolSizes }),
  };
}

/** What others take leaves less for what is new. It drives nothing out: what has its place there runs beside them already. */
function usedIn(capacity: Capacity, foreign: Capacity, held: Capacity): Capacity {
  const least = (key: keyof Capacity) => Math.max(0, Math.min(foreign[key], capacity[key] - held[key]));
  return { cpuMillis: least('cpuMillis'), memoryMib: least('memoryMib'), pods: least('pods') };
}

/** What the tenant's apps have there by the last plan. */
function heldIn({ apps }: TenantView, cluster: string): Capacity {
  return sumOf(
    apps.flatMap(({ spec, placed }) =>
      (placed?.assignments ?? [])
        .filter((one) => one.cluster === cluster)
        .map(({ replicas }) => {
          const { cpuMillis, memoryMib } = needOf(spec);
          return { cpuMillis: replicas * cpuMillis, memoryMib: replicas * memoryMib, pods: replicas };
        }),
    ),
  );
}

function needOf({ resources }: AppView['spec']) {
  return {
    cpuMillis: resources.cpuMillis ?? LEAST_CPU_MILLIS,
    memoryMib: resources.memoryMib ?? LEAST_MEMORY_MIB,
  };
}

/** An API server that does not answer says nothing of containers: they run on, and are not replaced for that. */
function healthOf(cluster: ClusterView, nowMs: number): Health {
  const { facts, heardAtMs } = cluster;
  if (facts === undefined || heardAtMs === undefined)
    return { verdict: 'unknown', evidence: 'nothing was told of it yet', heardAtMs: heardAtMs ?? nowMs };
  if (!isHeard(cluster, nowMs)) {
    const seconds = Math.round((nowMs - heardAtMs) / 1_000);
    return { verdict: 'unknown', evidence: `silent for ${seconds} s`, heardAtMs };
  }
  const unreachable = whyUnreachable(facts);
  if (unreachable !== undefined) return { verdict: 'cut_off', evidence: unreachable, heardAtMs: nowMs };
  return { verdict: 'alive', evidence: 'its edge tells of it', heardAtMs };
}

function sumOf(capacities: readonly Capacity[]): Capacity {
  return capacities.reduce(
    (sum, { cpuMillis, memoryMib, pods }) => ({
      cpuMillis: sum.cpuMillis + cpuMillis,
      memoryMib: sum.memoryMib + memoryMib,
      pods: sum.pods + pods,
    }),
    NOTHING,
  );
}

function whyUnreachable({ statements }: ClusterFacts): string | undefined {
  return statements.find(({ type, status }) => type === 'Reachable' && status !== 'True')?.message;
}

function nodeOf({ name, labels, capacity }: ClusterNode): PlacedNode {
  const isManager = labels[ROLE_LABEL] === 'manager' || MANAGER_LABELS.some((label) => label in labels);
  return { name, role: isManager ? 'manager' : 'worker', labels, capacity };
}

function appOf(tenant: string, app: AppView): PlacedApp {
  const { name, spec, placed } = app;
  const { image, pool, ports, placement, disconnect } = spec;
  const lacks = lacksOf(spec);
  return {
    id: `${tenant}/${name}`,
    name,
    tenant,
    replicas: countOf(app),
    need: needOf(spec),
    image: familiarImage(image),
    ...(pool === undefined ? {} : { pool }),
    isolation: spec.access.enforcement === 'required' ? 'required' : 'any',
    ...(Object.keys(lacks).length === 0 ? {} : { lacks }),
    placement: ports.some(({ hostPort }) => hostPort !== undefined) ? onePerNode(placement) : placement,
    disconnect,
    ...(placed?.isReworded === true ? { isReworded: true } : {}),
  };
}

/** A port of a node's own is there once. */
function onePerNode({ maxPerNode: _maxPerNode, ...placement }: Placement): Placement {
  return { ...placement, uniquePerNode: true };
}
