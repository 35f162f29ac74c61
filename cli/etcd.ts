/** `isthmus etcd CLUSTER`: members, snapshots, rehearsed recoveries, and what to do. */
import type { Cluster } from '../protocol/cluster.ts';
import { ageSince, ageText, bytesText, tableOf } from './table.ts';

const BACKUPS_SHOWN = 5;
const DRILLS_SHOWN = 5;

export function etcdText({ metadata, status }: Cluster, nowMs: number): string {
  const etcd = status.facts?.etcd;
  if (etcd === undefined)
    return `Nobody looks after the etcd of ${metadata.name}. On its edge: edge-agent cluster add kubernetes ${metadata.name} ... --etcd-endpoint URL --etcd-ca F --etcd-cert F --etcd-key F`;
  const age = (at: string) => `${ageSince(at, nowMs)} ago`;
  const speed = (value: number | null) => (value === null ? '-' : `${value} ms`);
  const members = etcd.members.map((one) => [
    one.endpoint,
    one.healthy ? (one.isLeader ? 'leader' : 'good') : 'silent',
    one.version || '-',
    `${bytesText(one.databaseInUseBytes)} of ${bytesText(one.databaseBytes)}`,
    one.healthy ? quotaText(one.quotaBytes) : '-',
    speed(one.fsyncP99Ms),
    speed(one.commitP99Ms),
    String(one.leaderChanges),
    one.alarms.join(',') || '-',
  ]);
  const backups = etcd.backups
    .slice(0, BACKUPS_SHOWN)
    .map((one) => [
      one.name,
      age(one.takenAt),
      bytesText(one.bytes),
      String(one.revision),
      `${one.tookMs} ms`,
    ]);
  const drills = etcd.drills
    .slice(0, DRILLS_SHOWN)
    .map((one) => [
      age(one.at),
      one.outcome,
      one.recoveryMs === undefined ? '-' : `${(one.recoveryMs / 1_000).toFixed(1)} s`,
      one.snapshotAgeMs === undefined ? '-' : ageText(one.snapshotAgeMs / 1_000),
      one.detail,
    ]);
  return [
    tableOf(
      ['MEMBER', 'STATE', 'VERSION', 'IN USE', 'QUOTA', 'FSYNC P99', 'COMMIT P99', 'ELECTIONS', 'ALARMS'],
      members,
    ),
    ...(backups.length === 0
      ? []
      : ['', tableOf(['SNAPSHOT', 'TAKEN', 'SIZE', 'REVISION', 'TOOK'], backups)]),
    ...(drills.length === 0 ? [] : ['', tableOf(['DRILL', 'OUTCOME', 'RTO', 'RPO', 'DETAIL'], drills)]),
    ...(etcd.advice.length === 0 ? [] : ['', ...etcd.advice.map((line) => `* ${line}`)]),
  ].join('\n');
}

/** 0 is etcd's way to say that nobody has set one. */
function quotaText(bytes: number): string {
  return bytes === 0 ? 'default' : bytesText(bytes);
}
