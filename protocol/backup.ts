/** Backups of a cluster's etcd, and drills: recoveries that are rehearsed on throw-away copies and measured. */
import { z } from 'zod';
import { Timestamp } from './metadata.ts';

const MINUTES_MAX = 10_080;

/** Credentials of a store are the site's own and stand in no document. */
export const BackupStore = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('directory'),
      path: z.string().regex(/^\/[^\0]{1,500}$/, { message: 'Give an absolute path on the edge.' }),
    }),
    z.strictObject({
      kind: z.literal('s3'),
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({ description: "AWS's own if absent" }),
      region: z.string().max(32).default('us-east-1'),
      bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
      prefix: z.string().max(200).default(''),
    }),
  ])
  .meta({ id: 'BackupStore' });
export type BackupStore = z.infer<typeof BackupStore>;

export const BackupSpec = z
  .strictObject({
    everyMinutes: z.int().min(1).max(MINUTES_MAX).default(60),
    keep: z.int().min(1).max(1_000).default(24),
    store: BackupStore,
    drillEveryMinutes: z
      .int()
      .min(1)
      .max(MINUTES_MAX)
      .optional()
      .meta({ description: 'No drills if absent' }),
  })
  .meta({ id: 'BackupSpec' });
export type BackupSpec = z.infer<typeof BackupSpec>;

/** One snapshot of etcd: a file, its size and its checksum. */
export const Backup = z
  .strictObject({
    name: z.string().max(200),
    takenAt: Timestamp,
    bytes: z.int(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    revision: z.int(),
    etcdVersion: z.string().max(32),
    tookMs: z.int(),
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof Backup>;

/** A drill that people ask for now, whatever the schedule says: one that was held for it answers with the same `asked`. */
export const DrillWish = z.strictObject({ asked: Timestamp }).meta({ id: 'DrillWish' });
export type DrillWish = z.infer<typeof DrillWish>;

/** What a drill goes through, with how long each took. */
export const DrillStep = z
  .strictObject({
    name: z.enum(['fetch', 'restore', 'etcd', 'api_server', 'read_back']),
    tookMs: z.int().min(0),
  })
  .meta({ id: 'DrillStep' });
export type DrillStep = z.infer<typeof DrillStep>;

/** One rehearsal of recovery from the newest snapshot. */
export const Drill = z
  .strictObject({
    at: Timestamp,
    backup: z.string().max(200),
    outcome: z.enum(['passed', 'failed']),
    detail: z.string().max(500),
    revision: z.int().optional(),
    keys: z.int().optional(),
    hash: z.string().max(64).optional(),
    objectsRead: z.int().optional().meta({ description: 'Read back through a throw-away API server' }),
    recoveryMs: z
      .int()
      .optional()
      .meta({ description: 'RTO: from the start of the restore to the first object read' }),
    snapshotAgeMs: z.int().optional().meta({ description: 'RPO: age of the snapshot when the drill began' }),
    asked: Timestamp.optional().meta({ description: 'When people asked for it; absent if it was due' }),
    steps: z
      .array(DrillStep)
      .max(8)
      .optional()
      .meta({ description: 'Those that were done, of a drill that was asked for' }),
  })
  .meta({ id: 'Drill' });
export type Drill = z.infer<typeof Drill>;

export const EtcdMember = z
  .strictObject({
    endpoint: z.string().max(300),
    id: z.string().max(20),
    version: z.string().max(32),
    isLeader: z.boolean(),
    healthy: z.boolean(),
    detail: z.string().max(300),
    databaseBytes: z.int(),
    databaseInUseBytes: z.int(),
    quotaBytes: z.int(),
    raftTerm: z.int(),
    raftIndex: z.int(),
    leaderChanges: z.int(),
    fsyncP99Ms: z.number().nullable(),
    commitP99Ms: z.number().nullable(),
    alarms: z.array(z.string().max(32)).max(8),
  })
  .meta({ id: 'EtcdMember' });
export type EtcdMember = z.infer<typeof EtcdMember>;

export const EtcdStatus = z
  .strictObject({
    members: z.array(EtcdMember).max(16),
    advice: z.array(z.string().max(500)).max(32),
    backups: z.array(Backup).max(100).meta({ description: 'Newest first' }),
    drills: z.array(Drill).max(20).meta({ description: 'Newest first' }),
  })
  .meta({ id: 'EtcdStatus' });
export type EtcdStatus = z.infer<typeof EtcdStatus>;
