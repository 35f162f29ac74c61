/**
 * What follows for apps from what a cluster told of them: where they are reached now; a release that is up everywhere is remembered, and one that failed is
 * taken back, with the reason in the audit log.
 */
import type { AppEndpoint } from '../../protocol/app-endpoint.ts';
import { ClusterFacts } from '../../protocol/cluster.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { endpointsIn, withEndpoints } from '../domain/endpoint.ts';
import { afterVerdict, judge } from '../domain/rollout.ts';
import { toldOf } from '../reconcile/told.ts';
import type { AppKept, Item, Store } from '../store/port.ts';
import { instancesOf, placesOf } from './app-instances.ts';
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
  for (const { app, instance } of apps) {
    const item = await findLive(store, { kind: 'app', tenant: cluster.key.tenant, name: app });
    if (item === undefined) continue;
    isMoving ||= (item.status.placed?.leaving ?? []).length > 0;
    const reached = (now: Item<'app'>) =>
      endpointsAfter(now, endpointsIn({ ...place, instance, ports: now.spec.ports }), cluster);
    if (isJudged(item) && reached(item) === item.status.endpoints) continue;
    await changeItem<'app'>(store, item.key, (now) =>
      judged(store, { item: now, endpoints: reached(now) }, cause),
    );
  }
  return { isMoving };
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

/** The very same list if nothing is new. No event is written for it: it changes with every container, and is evidence rather than a decision. */
function endpointsAfter(
  { status: { endpoints } }: Item<'app'>,
  now: readonly AppEndpoint[],
  { key }: Item<'cluster'>,
): readonly AppEndpoint[] | undefined {
  const after = withEndpoints(endpoints ?? [], key.name, now);
  return sameJson(endpoints ?? [], after) ? endpoints : after;
}

function isJudged({ status: { release, good, failed } }: Item<'app'>): boolean {
  return good?.release === release || failed?.release === release;
}

/** The app after its cluster told of it; the very same item if nothing follows. */
async function judged(
  store: Store,
  { item, endpoints }: { readonly item: Item<'app'>; readonly endpoints: AppKept['endpoints'] },
  cause: Cause,
): Promise<Item<'app'>> {
  const releases = await releasesAfter(store, item);
  if (releases === undefined && endpoints === item.status.endpoints) return item;
  const status = { ...(releases?.status ?? item.status), endpoints };
  const next = nextItem(item, { status }, cause);
  if (releases?.failure === undefined) return next;
  const { release, good } = status;
  const detail = `Took release ${release} of app ${item.key.name} back, to release ${good?.release ?? 0}: ${releases.failure}`;
  return withEvent(
    next,
    { ...cause, actor: 'system' },
    { action: 'update', detail: detail.slice(0, REASON_LENGTH_MAX) },
  );
}

/** The verdict on the newest release, if it is a new one. */
async function releasesAfter(
  store: Store,
  item: Item<'app'>,
): Promise<{ readonly status: AppKept; readonly failure?: string } | undefined> {
  if (isJudged(item)) return undefined;
  const { placement: _placement, namespace: _namespace, ...template } = item.spec;
  const [instances = []] = await instancesOf(store, [item]);
  const verdict = judge({ releases: item.status, clusters: placesOf(item), instances });
  const status = afterVerdict(item.status, template, verdict);
  if (status === undefined) return undefined;
  return verdict.kind === 'failed' ? { status, failure: verdict.reason } : { status };
}
