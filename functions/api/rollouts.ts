/**
 * Judges the releases that a cluster told of: one that is up everywhere is remembered, one that failed is taken back, with the reason in the audit log, and
 * one that comes by stages goes on to the next.
 */
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { afterVerdict, judge } from '../domain/rollout.ts';
import { advance, type Releases, stageName } from '../domain/rollout-stage.ts';
import type { Item, Store } from '../store/port.ts';
import { instancesOf, placesOf, stableOf } from './app-instances.ts';
import { assignedOf, templateOf } from './app-stages.ts';
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
  for (const app of new Set(apps.map((one) => one.app))) {
    const item = await findLive(store, { kind: 'app', tenant: key.tenant, name: app });
    if (item === undefined) continue;
    isMoving ||= (item.status.placed?.leaving ?? []).length > 0;
    if (!isJudged(item)) await changeItem<'app'>(store, item.key, (now) => judged(store, now, cause));
  }
  return { isMoving };
}

function isJudged({ status: { release, good, failed, stage } }: Item<'app'>): boolean {
  return stage === undefined && (good?.release === release || failed?.release === release);
}

async function judged(store: Store, item: Item<'app'>, cause: Cause): Promise<Item<'app'>> {
  const template = templateOf(item.spec);
  const [instances = []] = await instancesOf(store, [item]);
  if (item.status.stage !== undefined) {
    const evidence = { assigned: assignedOf(item), instances, now: cause.now };
    return told(item, advance(item.status, template, evidence), cause);
  }
  const evidence = { releases: item.status, clusters: placesOf(item), instances: stableOf(instances) };
  const verdict = judge(evidence);
  return told(item, afterVerdict(item.status, template, verdict) ?? item.status, cause);
}

/** The item with what became of its releases, and what people should know of that. */
function told(item: Item<'app'>, after: Releases, cause: Cause): Item<'app'> {
  const before = item.status;
  if (after === before) return item;
  const next = nextItem(item, { status: { ...before, ...after, stage: after.stage } }, cause);
  const detail = detailOf(item.key.name, before, after);
  if (detail === undefined) return next;
  const deed = { action: 'update' as const, detail: detail.slice(0, REASON_LENGTH_MAX) };
  return withEvent(next, { ...cause, actor: 'system' }, deed);
}

function detailOf(app: string, before: Releases, after: Releases): string | undefined {
  const { failed, good, stage } = after;
  if (failed !== undefined && failed !== before.failed)
    return `Took release ${failed.release} of app ${app} back, to release ${good?.release ?? 0}: ${failed.reason}`;
  if (stage !== undefined)
    return `Release ${stage.release} of app ${app} is at the stage ${stageName(stage)}.`;
  if (before.stage === undefined) return undefined;
  return `Release ${good?.release ?? 0} of app ${app} is the one that runs.`;
}
