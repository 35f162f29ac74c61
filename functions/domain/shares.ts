/** A share of an app's containers, divided over its clusters as its replicas are. Values in, values out. */

export interface Counted {
  readonly cluster: string;
  readonly replicas: number;
}

/** One entry a cluster, by name. */
export function totalsOf(counts: readonly Counted[]): Counted[] {
  const totals = new Map<string, number>();
  for (const { cluster, replicas } of counts) totals.set(cluster, (totals.get(cluster) ?? 0) + replicas);
  return [...totals].map(([cluster, replicas]) => ({ cluster, replicas }));
}

/** Rounded up to at least one of all together; what is left over goes to the largest remainders. Clusters that get none stand there with 0. */
export function sharesOf(assigned: readonly Counted[], percent: number): ReadonlyMap<string, number> {
  const total = assigned.reduce((sum, { replicas }) => sum + replicas, 0);
  const wanted = Math.ceil((total * percent) / 100);
  const parts = assigned.map(({ cluster, replicas }) => {
    const exact = total === 0 ? 0 : (wanted * replicas) / total;
    return { cluster, whole: Math.floor(exact), rest: exact - Math.floor(exact) };
  });
  const left = wanted - parts.reduce((sum, { whole }) => sum + whole, 0);
  const first = new Set(
    parts
      .toSorted((a, b) => b.rest - a.rest || (a.cluster < b.cluster ? -1 : 1))
      .slice(0, left)
      .map(({ cluster }) => cluster),
  );
  return new Map(parts.map(({ cluster, whole }) => [cluster, whole + (first.has(cluster) ? 1 : 0)]));
}
