/** What is read out of etcd's figures, and what is advised. */
import { describe, expect, test } from 'vitest';
import { adviceFor, type EtcdKnown } from '../../../edge-agent/etcd/advice.ts';
import { figuresOf } from '../../../edge-agent/etcd/metrics.ts';
import type { Backup, Drill, EtcdMember } from '../../../protocol/backup.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00.000Z');
const MEMBER: EtcdMember = {
  endpoint: 'https://a:2379',
  id: '1',
  version: '3.6.4',
  isLeader: true,
  healthy: true,
  detail: '',
  databaseBytes: 10_000_000,
  databaseInUseBytes: 9_000_000,
  quotaBytes: 2_147_483_648,
  raftTerm: 2,
  raftIndex: 10,
  leaderChanges: 1,
  fsyncP99Ms: 2,
  commitP99Ms: 5,
  alarms: [],
};
const BACKUP: Backup = {
  name: 'b',
  takenAt: '2026-01-31T11:50:00.000Z',
  bytes: 1,
  sha256: 'a'.repeat(64),
  revision: 1,
  etcdVersion: '3.6.4',
  tookMs: 1,
};
const DRILL: Drill = { at: '2026-01-31T11:55:00.000Z', backup: 'b', outcome: 'passed', detail: '' };
const GOOD: EtcdKnown = {
  members: [MEMBER],
  backups: [BACKUP],
  drills: [DRILL],
  everyMinutes: 60,
  nowMs: NOW_MS,
};

const member = (change: Partial<EtcdMember>): Partial<EtcdKnown> => ({ members: [{ ...MEMBER, ...change }] });

describe('advice', () => {
  test('is none for an etcd that is well', () => {
    expect(adviceFor(GOOD)).toEqual([]);
  });

  test.each<[string, Partial<EtcdKnown>, string]>([
    ['a slow disk', member({ fsyncP99Ms: 40 }), 'a disk of its own'],
    ['slow commits', member({ commitP99Ms: 90 }), 'takes 90 ms to commit'],
    ['many elections', member({ leaderChanges: 50 }), '50 changes of the leader'],
    [
      'a file that is half empty',
      member({ databaseBytes: 400_000_000, databaseInUseBytes: 80_000_000 }),
      'uses 20 % of its file: defragment',
    ],
    [
      'a quota that is near',
      member({ databaseBytes: 1_900_000_000, databaseInUseBytes: 1_800_000_000 }),
      'at 88 % of its quota',
    ],
    ['a full store', member({ alarms: ['NOSPACE'] }), 'takes no writes'],
    ['damage', member({ alarms: ['CORRUPT'] }), 'data is damaged'],
    ['silence', member({ healthy: false, detail: 'refused' }), 'does not answer as it should: refused'],
    [
      'an even number of members',
      { members: [MEMBER, { ...MEMBER, endpoint: 'https://b:2379' }] },
      '2 members bear no more losses than 1',
    ],
    ['two versions', { members: [MEMBER, { ...MEMBER, version: '3.5.9' }, MEMBER] }, '3.5.9, 3.6.4'],
    ['no snapshots', { everyMinutes: undefined }, 'set backup in the spec'],
    ['a late snapshot', { everyMinutes: 4 }, 'is 10 minutes old'],
    ['a first snapshot that is missing', { backups: [], drills: [] }, 'has not been taken yet'],
    [
      'a failed drill',
      { drills: [{ ...DRILL, outcome: 'failed', detail: 'torn' }] },
      'The last drill failed: torn',
    ],
    ['no drill', { drills: [] }, 'No recovery has been rehearsed'],
  ])('for %s says what to do', (_, change, words) => {
    const advice = adviceFor({ ...GOOD, ...change });
    expect(advice.filter((sentence) => sentence.includes(words))).toHaveLength(1);
  });
});

describe('figures', () => {
  const histogram = (name: string, counts: readonly (readonly [string, number])[]) =>
    counts.map(([le, count]) => `${name}_bucket{le="${le}"} ${count}`).join('\n');

  test('are read from the text that etcd prints', () => {
    const text = [
      '# HELP etcd_server_leader_changes_seen_total The number of leader changes seen.',
      'etcd_server_leader_changes_seen_total 3',
      histogram('etcd_disk_wal_fsync_duration_seconds', [
        ['0.001', 0],
        ['0.002', 98],
        ['0.004', 100],
        ['+Inf', 100],
      ]),
      histogram('etcd_disk_backend_commit_duration_seconds', [
        ['0.001', 0],
        ['0.002', 0],
        ['+Inf', 0],
      ]),
    ].join('\n');
    expect(figuresOf(text)).toEqual({ leaderChanges: 3, fsyncP99Ms: 3, commitP99Ms: null });
  });

  test('beyond the last bucket are its bound', () => {
    const text = histogram('etcd_disk_wal_fsync_duration_seconds', [
      ['0.001', 0],
      ['8.192', 10],
      ['+Inf', 1000],
    ]);
    expect(figuresOf(text)).toEqual({ leaderChanges: 0, fsyncP99Ms: 8_192, commitP99Ms: null });
  });
});
