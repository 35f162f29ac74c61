/** Since when each app has had what it was told, and since when it has been up in one go. Edges count, because only they know when a cluster was told. */
import { DEADLINE_EXCEEDED, saysNotUp } from '../../protocol/app-change.ts';
import type { Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { type StageTold, trackName } from '../../protocol/track.ts';

interface Known {
  /** Release and stage. */
  readonly order: string;
  readonly sinceMs: number;
  /** Undefined while it is not up. */
  readonly upSinceMs: number | undefined;
}

export class Ages {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** `late`: said once a release has had its time; it ends as soon as the release is up after all. `stage`: how far it is in it. */
  of(
    workload: WorkloadLeaf,
    said: readonly Statement[],
  ): { readonly late: readonly Statement[]; readonly stage: StageTold | undefined } {
    const nowMs = this.#now();
    const { namespace, release, stage, template } = workload;
    const key = `${namespace}/${trackName(workload)}`;
    const order = `${release} ${stage?.name ?? ''}`;
    const isUp = !said.some(saysNotUp);
    const before = this.#known.get(key);
    const known = before?.order === order ? before : { order, sinceMs: nowMs, upSinceMs: undefined };
    const now = { ...known, upSinceMs: isUp ? (known.upSinceMs ?? nowMs) : undefined };
    this.#known.set(key, now);
    const { deadlineSeconds } = template.upgrade;
    const isLate = !isUp && nowMs - known.sinceMs >= deadlineSeconds * 1_000;
    const message = `Release ${release} is not up after ${deadlineSeconds} s.`;
    return {
      late: isLate ? [{ type: 'Progressing', status: 'False', reason: DEADLINE_EXCEEDED, message }] : [],
      stage: stage === undefined ? undefined : stageTold(stage, now.upSinceMs, nowMs),
    };
  }
}

function stageTold(
  { name, holdSeconds }: NonNullable<WorkloadLeaf['stage']>,
  upSinceMs: number | undefined,
  nowMs: number,
): StageTold {
  if (upSinceMs === undefined) return { name, state: 'coming' };
  const isHeld = holdSeconds !== undefined && nowMs - upSinceMs >= holdSeconds * 1_000;
  return { name, state: isHeld ? 'held' : 'up' };
}
