/**
 * A release on its way into the clusters: whether it is up, still coming, or has failed, and which release runs meanwhile. Only evidence counts: a cluster
 * that is silent has not failed, and nothing is taken back on a guess.
 */

import type { AppInstance, AppTemplate } from '../../protocol/app.ts';
import { saysNotUp } from '../../protocol/app-change.ts';
import { whyFailed } from './rollout-failure.ts';
import type { Release, Releases } from './rollout-stage.ts';

export interface RolloutEvidence {
  readonly releases: Releases;
  /** Where it is to run. */
  readonly clusters: readonly string[];
  /** As the clusters told of them last; each with when. */
  readonly instances: readonly AppInstance[];
}

export type Verdict =
  | { readonly kind: 'coming' }
  | { readonly kind: 'up' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A good release is kept with the app; beyond this the two would not fit into one item. */
const TEMPLATE_LENGTH_MAX = 150_000;

/** The newest release, unless it has failed and there is one to go back to. Where one comes by stages, what its orders say of stable goes before this. */
export function releaseInForce({ release, good, failed }: Releases, template: AppTemplate): Release {
  const isTakenBack = failed?.release === release && good !== undefined;
  return isTakenBack ? good : { release, template };
}

/** What a container was made from, as far as that is kept: `own` is its release, 0 for any that is older than `told`, of which its cluster was told. */
export function templateBehind(
  { release, good, stage }: Releases,
  newest: AppTemplate,
  { own, told }: { readonly own: number; readonly told: number },
): AppTemplate {
  // Told to go back to the good one, what a cluster has beside it is of the one that failed.
  if (own === 0) return good === undefined || good.release === told ? newest : good.template;
  const kept = [{ release, template: newest }, good, stage].find((one) => one?.release === own);
  return kept?.template ?? newest;
}

/** What has become of the newest release. Of one that was judged before, the verdict stands. */
export function judge({ releases, clusters, instances }: RolloutEvidence): Verdict {
  const { release, good, failed } = releases;
  if (failed?.release === release) return { kind: 'failed', reason: failed.reason };
  if (good?.release === release) return { kind: 'up' };
  const told = clusters.map((name) => instances.find(({ cluster }) => cluster === name));
  if (told.length > 0 && told.every((instance) => instance !== undefined && isUp(instance, release)))
    return { kind: 'up' };
  const [reason] = told.flatMap((instance) =>
    instance === undefined ? [] : (whyFailed(instance, release) ?? []),
  );
  if (reason !== undefined) return { kind: 'failed', reason };
  return { kind: 'coming' };
}

/** The releases with the verdict; undefined if it is nothing new. */
export function afterVerdict(
  releases: Releases,
  template: AppTemplate,
  verdict: Verdict,
): Releases | undefined {
  const { release, good, failed } = releases;
  if (verdict.kind === 'up' && good?.release !== release) {
    const isKept = JSON.stringify(template).length <= TEMPLATE_LENGTH_MAX;
    return { ...releases, good: isKept ? { release, template } : undefined, failed: undefined };
  }
  // Without one to go back to, it goes on trying.
  if (verdict.kind !== 'failed' || failed?.release === release) return undefined;
  if (good === undefined || !template.upgrade.rollback) return undefined;
  return { ...releases, failed: { release, reason: verdict.reason } };
}

function isUp(instance: AppInstance, release: number): boolean {
  const { wanted, ready, updated, statements } = instance;
  return instance.release === release && ready >= wanted && updated >= wanted && !statements.some(saysNotUp);
}
