/** Figures out of etcd's own metrics (Prometheus text): how slow the disk is, how often the leader changed. Values in, values out. */

export interface EtcdFigures {
  readonly leaderChanges: number;
  /** 99 of 100 were faster, since the member started; null before the first one. */
  readonly fsyncP99Ms: number | null;
  readonly commitP99Ms: number | null;
}

export function figuresOf(text: string): EtcdFigures {
  return {
    leaderChanges: valueOf(text, 'etcd_server_leader_changes_seen_total') ?? 0,
    fsyncP99Ms: quantileMs(text, 'etcd_disk_wal_fsync_duration_seconds'),
    commitP99Ms: quantileMs(text, 'etcd_disk_backend_commit_duration_seconds'),
  };
}

function valueOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.eE+-]+)$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

const QUANTILE = 0.99;

/** By straight lines within a bucket, as Prometheus' own histogram_quantile does. */
function quantileMs(text: string, name: string): number | null {
  const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))]
    .map(([, le = '', count = '']) => ({
      le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: Number(count),
    }))
    .sort((a, b) => a.le - b.le);
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = total * QUANTILE;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[at];
  const before = buckets[at - 1] ?? { le: 0, count: 0 };
  if (bucket === undefined) return null;
  if (bucket.le === Number.POSITIVE_INFINITY) return round(before.le * 1_000);
  const share = (rank - before.count) / (bucket.count - before.count);
  return round((before.le + (bucket.le - before.le) * share) * 1_000);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
