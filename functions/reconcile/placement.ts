/**
 * Places the apps of a tenant: reads what is kept and what clusters told, plans purely, and writes each app's placement on the condition that the app still
 * stands. Whoever changes an app meanwhile wins, and its next change or the sweep plans again; the same estate writes nothing.
 */
import { parsePrefix, sizeOf } from '../../protocol/address.ts';
import { AppSpec } from '../../protocol/app.ts';
import { ClusterSpec } from '../../protocol/cluster.ts';
import { SiteSpec } from '../../protocol/site.ts';
import { TenantSpec } from '../../protocol/tenant.ts';
import { millisecondsOf } from '../../protocol/time.ts';
import { type Counted, leavingOf } from '../placement/leaving.ts';
import { plan } from '../placement/plan.ts';
import {
  type ClusterView,
  estateOf,
  isHeard,
  isSamePlacement,
  placedOf,
  type TenantView,
} from '../placement/tenant.ts';
import type { Choice } from '../scaling/scale.ts';
import type { Item, Store, Telling } from '../store/port.ts';
import { type HeardEdge, heardIn, hubBatches, requestsIn } from './heard.ts';
import type { Clock } from './ports.ts';
import { present } from './present.ts';
import { type ScalingView, scaledOf } from './scaling.ts';
import { toldOf } from './told.ts';

export interface PlacementDependencies {
  readonly store: Pick<Store, 'get' | 'list' | 'told' | 'liveness' | 'replace'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Apps whose placement was written. */
export async function placeApps(
  dependencies: PlacementDependencies,
  tenant: string,
): Promise<readonly string[]> {
  const { store, clock } = dependencies;
  const apps = await present(store, 'app', tenant);
  if (apps.length === 0) return [];
  const now = clock.now();
  const view = await viewOf(dependencies, { tenant, apps, now });
  if (view === undefined) return [];
  const { decisions } = plan(estateOf(view));
  const written: string[] = [];
  for (const item of apps) {
    const decision = decisions.get(`${tenant}/${item.key.name}`);
    if (decision === undefined) continue;
    const planned = placedOf(tenant, decision, now);
    const leaving = leavingFrom(item, planned.assignments, view);
    const placed = leaving.length === 0 ? planned : { ...planned, leaving };
    const scaled = view.scaled.get(item.key.name);
    if (isSamePlacement(placed, item.status.placed) && scaled === item.status.scaled) continue;
    const status = { ...item.status, placed, scaled };
    const next = { ...item, version: item.version + 1, updatedAt: now, status };
    if ((await store.replace(next)) === 'written') written.push(item.key.name);
  }
  return written;
}

/** What of the app is on its way out, as its clusters told of it last. */
function leavingFrom(
  { key, createdAt, status: { placed } }: Item<'app'>,
  wanted: readonly Counted[],
  { clusters, nowMs }: HeardView,
): Counted[] {
  if (placed === undefined) return [];
  const told = clusters.flatMap(({ name, apps }) => {
    const instance =
      apps === undefined || apps.at < createdAt
        ? undefined
        : apps.value.find(({ app, instance: { track } }) => app === key.name && track === undefined)
            ?.instance;
    return instance === undefined ? [] : [{ cluster: name, ready: instance.ready }];
  });
  const alive = new Set(clusters.filter((cluster) => isHeard(cluster, nowMs)).map(({ name }) => name));
  return leavingOf({ wanted, before: [...placed.assignments, ...(placed.leaving ?? [])], told, alive });
}

interface HeardView extends TenantView {
  readonly clusters: readonly HeardCluster[];
  /** Of apps that scale. */
  readonly scaled: ReadonlyMap<string, Choice>;
}

/** A cluster with what it told of apps. */
interface HeardCluster extends ClusterView {
  readonly apps: Telling['apps'];
  readonly usage: Telling['usage'];
}

async function viewOf(
  { store }: PlacementDependencies,
  {
    tenant,
    apps,
    now,
  }: { readonly tenant: string; readonly apps: readonly Item<'app'>[]; readonly now: string },
): Promise<HeardView | undefined> {
  const [item, sites, clusters, pools, batches] = await Promise.all([
    store.get({ kind: 'tenant', tenant: '*', name: tenant }),
    present(store, 'site', tenant),
    present(store, 'cluster', tenant),
    present(store, 'pool', tenant),
    hubBatches(store),
  ]);
  if (item === undefined || item.deletedAt !== undefined) return undefined;
  const told = await Promise.all(
    clusters.map((cluster) => toldOf(store, cluster, ['facts', 'apps', 'requests', 'usage'])),
  );
  const nowMs = millisecondsOf(now);
  const heard = heardIn(batches);
  const heardClusters = clusters.map((cluster, index) =>
    heardCluster(cluster, {
      told: told[index] ?? {},
      edge: heard.get(cluster.status.agent),
      pools,
      nowMs,
    }),
  );
  const used = heardClusters.map((cluster) => ({ ...cluster, isHeard: isHeard(cluster, nowMs) }));
  const specs = apps.map((app) => [app, specOf(app.spec)] as const);
  const scaled = scaledBy(specs, { clusters: used, requests: requestsIn(batches, tenant, nowMs), now });
  return {
    name: tenant,
    quota: TenantSpec.parse(item.spec).quota,
    nowMs,
    sites: sites.map(({ key, spec }) => ({ name: key.name, spec: SiteSpec.parse(spec) })),
    clusters: heardClusters,
    scaled,
    apps: specs.map(([{ key, status }, spec]) => ({
      name: key.name,
      spec,
      placed: status.placed,
      scaled: scaled.get(key.name)?.wanted,
    })),
  };
}

function scaledBy(
  specs: readonly (readonly [Item<'app'>, AppSpec])[],
  view: ScalingView,
): ReadonlyMap<string, Choice> {
  return new Map(
    specs.flatMap(([item, spec]) => {
      const choice = scaledOf(item, spec, view);
      return choice === undefined ? [] : [[item.key.name, choice] as const];
    }),
  );
}

/** Items are read as they were written: one from before replicas were divided has them all in each of its clusters. */
function specOf(spec: Item<'app'>['spec']): AppSpec {
  const { placement } = spec;
  return AppSpec.parse(
    'division' in placement
      ? spec
      : { ...spec, placement: { ...Object(placement), division: { kind: 'each' } } },
  );
}

interface Heard {
  readonly told: Telling;
  /** When hubs heard of its edge; undefined: none of them knows it. */
  readonly edge: HeardEdge | undefined;
  readonly pools: readonly Item<'pool'>[];
  readonly nowMs: number;
}

function heardCluster({ key, spec, status }: Item<'cluster'>, heard: Heard): HeardCluster {
  const { told, edge, pools } = heard;
  const moments = [...Object.values(told).map(({ at }) => millisecondsOf(at)), ...momentsOf(heard)];
  return {
    name: key.name,
    site: spec.site,
    kind: status.kind,
    labels: ClusterSpec.parse(spec).labels,
    facts: told.facts?.value,
    heardAtMs: moments.length === 0 ? undefined : Math.max(...moments),
    isWatched: edge !== undefined,
    ...poolsOf(pools, key.name),
    apps: told.apps,
    usage: told.usage,
  };
}

/** Pools that have a range in the cluster, with so many addresses there. */
function poolsOf(pools: readonly Item<'pool'>[], cluster: string) {
  const sizes = pools.flatMap(({ key, spec }): [string, number][] => {
    const own = spec.ranges.filter((range) => range.cluster === cluster);
    const size = own.reduce((sum, { prefix }) => sum + sizeOf(parsePrefix(prefix).length), 0);
    return own.length === 0 ? [] : [[key.name, size]];
  });
  return { pools: sizes.map(([name]) => name), poolSizes: Object.fromEntries(sizes) };
}

/** As if its silence had begun so much later as nobody looked. */
function momentsOf({ edge, nowMs }: Heard): number[] {
  return edge === undefined ? [] : [edge.heardAtMs + Math.max(0, nowMs - edge.lookedAtMs)];
}
