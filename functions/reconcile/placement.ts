/**
 * Places the apps of a tenant: reads what is kept and what clusters told, plans purely, and writes each app's placement on the condition that the app still
 * stands. Whoever changes an app meanwhile wins, and its next change or the sweep plans again; the same estate writes nothing.
 */
import { AppSpec } from '../../protocol/app.ts';
import { ClusterSpec } from '../../protocol/cluster.ts';
import { SiteSpec } from '../../protocol/site.ts';
import { TenantSpec } from '../../protocol/tenant.ts';
import { secondsOf } from '../../protocol/time.ts';
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
import type { Item, Store, Telling } from '../store/port.ts';
import { present } from './estate.ts';
import type { Clock } from './ports.ts';
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
    if (isSamePlacement(placed, item.status.placed)) continue;
    const status = { ...item.status, placed };
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
}

/** A cluster with what it told of apps. */
interface HeardCluster extends ClusterView {
  readonly apps: Telling['apps'];
}

async function viewOf(
  { store }: PlacementDependencies,
  {
    tenant,
    apps,
    now,
  }: { readonly tenant: string; readonly apps: readonly Item<'app'>[]; readonly now: string },
): Promise<HeardView | undefined> {
  const [item, sites, clusters, pools, heard] = await Promise.all([
    store.get({ kind: 'tenant', tenant: '*', name: tenant }),
    present(store, 'site', tenant),
    present(store, 'cluster', tenant),
    present(store, 'pool', tenant),
    heardByHubs(store),
  ]);
  if (item === undefined || item.deletedAt !== undefined) return undefined;
  const told = await Promise.all(
    clusters.map((cluster) => toldOf(store, cluster, ['facts', 'apps', 'requests'])),
  );
  return {
    name: tenant,
    quota: TenantSpec.parse(item.spec).quota,
    nowMs: millisecondsOf(now),
    sites: sites.map(({ key, spec }) => ({ name: key.name, spec: SiteSpec.parse(spec) })),
    clusters: clusters.map((cluster, index) =>
      heardCluster(cluster, { told: told[index] ?? {}, hubs: heard.get(cluster.status.agent) ?? [], pools }),
    ),
    apps: apps.map(({ key, spec, status }) => ({
      name: key.name,
      spec: specOf(spec),
      placed: status.placed,
    })),
  };
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
  /** When hubs heard of its edge. */
  readonly hubs: readonly number[];
  readonly pools: readonly Item<'pool'>[];
}

function heardCluster({ key, spec, status }: Item<'cluster'>, { told, hubs, pools }: Heard): HeardCluster {
  const moments = [...Object.values(told).map(({ at }) => millisecondsOf(at)), ...hubs];
  return {
    name: key.name,
    site: spec.site,
    kind: status.kind,
    labels: ClusterSpec.parse(spec).labels,
    facts: told.facts?.value,
    heardAtMs: moments.length === 0 ? undefined : Math.max(...moments),
    pools: pools
      .filter((pool) => pool.spec.ranges.some(({ cluster }) => cluster === key.name))
      .map((pool) => pool.key.name),
    apps: told.apps,
  };
}

/** When each edge last answered a hub, milliseconds since 1970, by agent. */
async function heardByHubs(
  store: Pick<Store, 'list' | 'liveness'>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const heard = new Map<string, number[]>();
  const hubs = await present(store, 'hub', '*');
  for (const batch of await Promise.all(hubs.map(({ status }) => store.liveness(status.agent))))
    for (const { agent, handshakeAgeSeconds, probeAgeSeconds } of batch?.liveness.peers ?? []) {
      const ages = [handshakeAgeSeconds, probeAgeSeconds].filter((age) => age !== undefined);
      const at = millisecondsOf(batch?.at ?? '') - Math.min(...ages) * 1_000;
      if (Number.isFinite(at)) heard.set(agent, [...(heard.get(agent) ?? []), at]);
    }
  return heard;
}

function millisecondsOf(time: string): number {
  return secondsOf(time) * 1_000;
}
