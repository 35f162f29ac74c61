/**
 * What follows for apps from what a cluster told of them: where they are reached now; a release that is up everywhere is remembered, one that failed is taken
 * back, with the reason in the audit log, and one that comes by stages goes on to the next.
 */
import type { AppInstance, ContainerStatus } from '../../protocol/app.ts';
import { ClusterFacts } from '../../protocol/cluster.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { endpointsIn, originsIn, withEndpoints, withOrigins } from '../domain/endpoint.ts';
import { afterVerdict, judge, templateBehind } from '../domain/rollout.ts';
import { advance, type Releases, stageName } from '../domain/rollout-stage.ts';
import { toldOf } from '../reconcile/told.ts';
import type { AppKept, Item, Store } from '../store/port.ts';
import { instancesOf, placesOf, stableOf } from './app-instances.ts';
import { assignedOf, statusAfter, templateOf } from './app-stages.ts';
import { changeItem } from './change.ts';
import { findLive } from './collection.ts';
import { type Cause, nextItem, sameJson, withEvent } from './item.ts';

const REASON_LENGTH_MAX = 500;

type ToldApps = NonNullable<ClusterReport['apps']>;

/** What was told must be kept already. Answers whether some of the apps are being moved, so that they must be looked at again. */
export async function takeApps(
  store: Store,
  cluster: Item<'cluster'>,
  { apps, cause }: { readonly apps: ToldApps; readonly cause: Cause },
): Promise<{ readonly isMoving: boolean }> {
  if (apps.length === 0) return { isMoving: false };
  const place = await placeOf(store, cluster);
  let isMoving = false;
  for (const name of new Set(apps.map(({ app }) => app))) {
    const item = await findLive(store, { kind: 'app', tenant: cluster.key.tenant, name });
    if (item === undefined) continue;
    isMoving ||= (item.status.placed?.leaving ?? []).length > 0;
    const tracks = apps.filter(({ app }) => app === name).map(({ instance }) => instance);
    const seen = (now: Item<'app'>) => placesAfter(now, place, tracks);
    if (isJudged(item) && isSeen(item.status, seen(item))) continue;
    await changeItem<'app'>(store, item.key, (now) => judged(store, { item: now, places: seen(now) }, cause));
  }
  return { isMoving };
}

function portsOf({ status, spec }: Item<'app'>, { release: told }: AppInstance) {
  const newest = templateOf(spec);
  return ({ release: own }: ContainerStatus) => templateBehind(status, newest, { own, told }).ports;
}

/** What of the cluster decides where its containers are reached. */
async function placeOf(store: Store, cluster: Item<'cluster'>) {
  const { tenant } = cluster.key;
  const [site, told] = await Promise.all([
    findLive(store, { kind: 'site', tenant, name: cluster.spec.site }),
    toldOf(store, cluster, ['facts']),
  ]);
  const facts = ClusterFacts.safeParse(told.facts?.value);
  return {
    cluster: cluster.key.name,
    nodes: facts.success ? facts.data.nodes : [],
    prefixes: site?.status.prefixes.map(({ real }) => real) ?? [],
  };
}

type Places = Pick<AppKept, 'endpoints' | 'origins'>;

/** Where the app is after this cluster told of it; the very same lists if nothing is new. No event is written for it: it changes with every container, and is evidence rather than a decision. */
function placesAfter(
  item: Item<'app'>,
  place: Awaited<ReturnType<typeof placeOf>>,
  instances: readonly ToldApps[number]['instance'][],
): Places {
  const { status } = item;
  const endpoints = withEndpoints(
    status.endpoints ?? [],
    place.cluster,
    instances.flatMap((instance) => endpointsIn({ ...place, instance, portsOf: portsOf(item, instance) })),
  );
  const origins = withOrigins(status.origins ?? [], place.cluster, originsIn({ ...place, instances }));
  return {
    endpoints: sameJson(status.endpoints ?? [], endpoints) ? status.endpoints : endpoints,
    origins: sameJson(status.origins ?? [], origins) ? status.origins : origins,
  };
}

function isSeen(status: Places, { endpoints, origins }: Places): boolean {
  return status.endpoints === endpoints && status.origins === origins;
}

function isJudged({ status: { release, good, failed, stage } }: Item<'app'>): boolean {
  return stage === undefined && (good?.release === release || failed?.release === release);
}

/** The app after its cluster told of it; the very same item if nothing follows. */
async function judged(
  store: Store,
  { item, places }: { readonly item: Item<'app'>; readonly places: Places },
  cause: Cause,
): Promise<Item<'app'>> {
  const before = item.status;
  const after = isJudged(item) ? before : await releasesAfter(store, item, cause.now);
  if (after === before && isSeen(before, places)) return item;
  const status = { ...statusAfter(before, after), ...places };
  const next = nextItem(item, { status }, cause);
  const detail = detailOf(item.key.name, before, after);
  if (detail === undefined) return next;
  const deed = { action: 'update' as const, detail: detail.slice(0, REASON_LENGTH_MAX) };
  return withEvent(next, { ...cause, actor: 'system' }, deed);
}

/** The very same if nothing follows for its releases. */
async function releasesAfter(store: Store, item: Item<'app'>, now: string): Promise<Releases> {
  const template = templateOf(item.spec);
  const [instances = []] = await instancesOf(store, [item]);
  if (item.status.stage !== undefined)
    return advance(item.status, template, { assigned: assignedOf(item), instances, now });
  const evidence = { releases: item.status, clusters: placesOf(item), instances: stableOf(instances) };
  return afterVerdict(item.status, template, judge(evidence)) ?? item.status;
}

/** What people should know of it; undefined if there is nothing. */
function detailOf(app: string, before: Releases, after: Releases): string | undefined {
  if (after === before) return undefined;
  const { failed, good, stage } = after;
  if (failed !== undefined && failed !== before.failed)
    return `Took release ${failed.release} of app ${app} back, to release ${good?.release ?? 0}: ${failed.reason}`;
  if (stage !== undefined)
    return `Release ${stage.release} of app ${app} is at the stage ${stageName(stage)}.`;
  if (before.stage === undefined) return undefined;
  return `Release ${good?.release ?? 0} of app ${app} is the one that runs.`;
}
