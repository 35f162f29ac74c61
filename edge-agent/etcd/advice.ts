/** What to do about an etcd, from what is known of it. The limits are those of etcd's own tuning guide. Values in, values out. */
import type { Backup, Drill, EtcdMember } from '../../protocol/backup.ts';

/** Above these a member falls behind under load. */
const FSYNC_MS_MAX = 10;
const COMMIT_MS_MAX = 25;
const QUOTA_SHARE_MAX = 0.8;
/** Below this share of use, defragmenting is worth the pause; for a database of some size. */
const USE_SHARE_MIN = 0.5;
const DEFRAGMENT_BYTES_MIN = 100_000_000;
const LEADER_CHANGES_MAX = 10;
const LATE_FACTOR = 2;
const MINUTE_MS = 60_000;

export interface EtcdKnown {
  readonly members: readonly EtcdMember[];
  readonly backups: readonly Backup[];
  readonly drills: readonly Drill[];
  /** Minutes between snapshots; undefined: none are taken. */
  readonly everyMinutes: number | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export function adviceFor(known: EtcdKnown): string[] {
  return [...known.members.flatMap(ofMember), ...ofGroup(known.members), ...ofBackups(known)];
}

function ofMember(member: EtcdMember): string[] {
  const { endpoint, healthy, alarms, fsyncP99Ms, commitP99Ms, leaderChanges } = member;
  if (!healthy) return [`${endpoint} does not answer as it should: ${member.detail}`];
  return [
    ...alarms.map((alarm) =>
      alarm === 'NOSPACE'
        ? `${endpoint} is full and takes no writes: compact, defragment, then disarm the alarm; and raise the quota.`
        : `${endpoint} says that its data is damaged (${alarm}): replace the member, or restore a snapshot.`,
    ),
    ...((fsyncP99Ms ?? 0) > FSYNC_MS_MAX
      ? [
          `${endpoint} waits ${fsyncP99Ms} ms for its log to reach the disk (1 of 100 writes): give etcd a disk of its own.`,
        ]
      : []),
    ...((commitP99Ms ?? 0) > COMMIT_MS_MAX
      ? [`${endpoint} takes ${commitP99Ms} ms to commit (1 of 100): its disk is slow or shared.`]
      : []),
    ...(leaderChanges > LEADER_CHANGES_MAX
      ? [
          `${endpoint} has seen ${leaderChanges} changes of the leader: look for a slow disk or network, or raise the heartbeat.`,
        ]
      : []),
    ...ofSize(member),
  ];
}

function ofSize({ endpoint, databaseBytes, databaseInUseBytes, quotaBytes }: EtcdMember): string[] {
  const isNearQuota = quotaBytes > 0 && databaseBytes > quotaBytes * QUOTA_SHARE_MAX;
  const isLoose = databaseBytes > DEFRAGMENT_BYTES_MIN && databaseInUseBytes < databaseBytes * USE_SHARE_MIN;
  const used = Math.round((100 * databaseInUseBytes) / Math.max(1, databaseBytes));
  return [
    ...(isLoose ? [`${endpoint} uses ${used} % of its file: defragment it, one member at a time.`] : []),
    ...(isNearQuota && !isLoose
      ? [
          `${endpoint} is at ${Math.round((100 * databaseBytes) / quotaBytes)} % of its quota: raise it before writes stop.`,
        ]
      : []),
  ];
}

function ofGroup(members: readonly EtcdMember[]): string[] {
  const versions = new Set(members.filter(({ healthy }) => healthy).map(({ version }) => version));
  return [
    ...(members.length > 0 && members.length % 2 === 0
      ? [
          `${members.length} members bear no more losses than ${members.length - 1}: take one away or add one.`,
        ]
      : []),
    ...(versions.size > 1
      ? [`Members run different versions (${[...versions].sort().join(', ')}): finish the upgrade.`]
      : []),
  ];
}

function ofBackups({ backups, drills, everyMinutes, nowMs }: EtcdKnown): string[] {
  if (everyMinutes === undefined) return ['No snapshots are taken: set backup in the spec of the cluster.'];
  const [newest] = backups;
  const ageMs = newest === undefined ? Number.POSITIVE_INFINITY : nowMs - Date.parse(newest.takenAt);
  const isLate = ageMs > LATE_FACTOR * everyMinutes * MINUTE_MS;
  const age = Number.isFinite(ageMs)
    ? `is ${Math.round(ageMs / MINUTE_MS)} minutes old`
    : 'has not been taken yet';
  const [last] = drills;
  return [
    ...(isLate ? [`The newest snapshot ${age}: one is due every ${everyMinutes} minutes.`] : []),
    ...(last?.outcome === 'failed' ? [`The last drill failed: ${last.detail}`] : []),
    ...(newest !== undefined && last === undefined
      ? ['No recovery has been rehearsed yet: set drillEveryMinutes.']
      : []),
  ];
}
