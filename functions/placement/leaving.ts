/**
 * Replicas that are moved leave only when those that take their place are ready: a move loses no request. What leaves is kept beside the placement, and is
 * no part of what is planned.
 */
export interface Counted {
  readonly cluster: string;
  readonly replicas: number;
}

/** What a cluster told of the app. */
export interface Readiness {
  readonly cluster: string;
  readonly ready: number;
}

export interface Moving {
  /** What is wanted where, now. */
  readonly wanted: readonly Counted[];
  /** What was wanted where before, those that were leaving then included. */
  readonly before: readonly Counted[];
  readonly told: readonly Readiness[];
  /** Clusters that can still be told something: nothing is waited for in others. */
  readonly alive: ReadonlySet<string>;
}

/** Replicas beyond what is wanted that stay for now; none once all that are wanted are ready. */
export function leavingOf({ wanted, before, told, alive }: Moving): Counted[] {
  const want = totals(wanted);
  const had = totals(before);
  const missing = [...want].reduce((sum, [cluster, replicas]) => {
    const ready = told.find((one) => one.cluster === cluster)?.ready ?? 0;
    return sum + Math.max(0, replicas - ready);
  }, 0);
  // No more stay than are missing elsewhere: scaling down is no move.
  let still = missing;
  return [...had]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([cluster, replicas]) => {
      const surplus = alive.has(cluster) ? replicas - (want.get(cluster) ?? 0) : 0;
      const stay = Math.max(0, Math.min(surplus, still));
      still -= stay;
      return stay === 0 ? [] : [{ cluster, replicas: stay }];
    });
}

function totals(counts: readonly Counted[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { cluster, replicas } of counts) sums.set(cluster, (sums.get(cluster) ?? 0) + replicas);
  return sums;
}
