/** Judges the releases that a cluster told of: one that is up everywhere is remembered, one that failed is taken back, with the reason in the audit log. */
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { afterVerdict, judge } from '../domain/rollout.ts';
import type { Item, Store } from '../store/port.ts';
import { instancesOf, placesOf } from './app-instances.ts';
import { changeItem } from './change.ts';
import { findLive } from './collection.ts';
import { type Cause, nextItem, withEvent } from './item.ts';

const REASON_LENGTH_MAX = 500;

/** What was told must be kept already. Answers whether some of the apps are being moved, so that they must be looked at again. */
export async function judgeReleases(
  store: Store,
  { key }: Item<'cluster'>,
  { apps, cause }: { readonly apps: NonNullable<ClusterReport['apps']>; readonly cause: Cause },
): Promise<{ readonly isMoving: boolean }> {
  let isMoving = false;
  for (const { app } of apps) {
    const item = await findLive(store, { kind: 'app', tenant: key.tenant, name: app });
    if (item === undefined) continue;
    isMoving ||= (item.status.placed?.leaving ?? []).length > 0;
    if (!isJudged(item)) await changeItem<'app'>(store, item.key, (now) => judged(store, now, cause));
  }
  return { isMoving };
}

function isJudged({ status: { release, good, failed } }: Item<'app'>): boolean {
  return good?.release === release || failed?.release === release;
}

async function judged(store: Store, item: Item<'app'>, cause: Cause): Promise<Item<'app'>> {
  const { placement: _placement, namespace: _namespace, ...template } = item.spec;
  const [instances = []] = await instancesOf(store, [item]);
  const verdict = judge({ releases: item.status, clusters: placesOf(item), instances });
  const status = afterVerdict(item.status, template, verdict);
  if (status === undefined) return item;
  const next = nextItem(item, { status }, cause);
  if (verdict.kind !== 'failed') return next;
  const { release, good } = status;
  const detail = `Took release ${release} of app ${item.key.name} back, to release ${good?.release ?? 0}: ${verdict.reason}`;
  return withEvent(
    next,
    { ...cause, actor: 'system' },
    { action: 'update', detail: detail.slice(0, REASON_LENGTH_MAX) },
  );
}
