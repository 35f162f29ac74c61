/**
 * The care for one cluster's etcd: looks at its members, takes snapshots when they are due, keeps as many as wanted, rehearses their recovery, and says what it saw.
 * One thing at a time; what was missed while the host was off is made up once.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup, BackupSpec, Drill, DrillWish, EtcdMember, EtcdStatus } from '../../protocol/backup.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { Run } from '../apply/command.ts';
import { adviceFor } from './advice.ts';
import { type EtcdAccess, EtcdClient } from './client.ts';
import { runDrill } from './drill.ts';
import { figuresOf } from './metrics.ts';
import { openSnapshotStore, type SnapshotStore } from './stores.ts';

const MINUTE_MS = 60_000;
const DRILLS_KEPT = 20;
const BACKUPS_SHOWN = 100;
const DETAIL_MAX = 300;
/** After a failure, not at every look. */
const RETRY_MS = 5 * MINUTE_MS;
/** A list of an S3 store is a request a snapshot. Before something is done the store is listed anew in any case. */
const LIST_MS = 5 * MINUTE_MS;
/** A wish stands in the document for good. After a restart only one that somebody may still wait for counts. */
const WISH_MS = 15 * MINUTE_MS;

export interface EtcdCareOptions {
  readonly cluster: string;
  readonly members: readonly EtcdAccess[];
  /** Of etcd, etcdutl and kube-apiserver, for drills. */
  readonly programs: string;
  /** Scratch files; what lies there at the start is a leftover. */
  readonly directory: string;
  readonly run: Run;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly onEvent: (event: SiteEvent) => void;
  readonly log: (line: string) => void;
}

export class EtcdCare {
  readonly #options: EtcdCareOptions;
  readonly #clients: readonly EtcdClient[];
  #spec: BackupSpec | undefined;
  #store: SnapshotStore | undefined;
  #listedMs = Number.NEGATIVE_INFINITY;
  #members: readonly EtcdMember[] = [];
  #backups: readonly Backup[] = [];
  #drills: readonly Drill[] = [];
  #wish: DrillWish | undefined;
  #answered: string | undefined;
  #isSwept = false;
  #waitUntilMs = 0;

  constructor(options: EtcdCareOptions) {
    this.#options = options;
    this.#clients = options.members.map((access) => new EtcdClient(access));
  }

  setSpec(spec: BackupSpec | undefined): void {
    if (JSON.stringify(spec) === JSON.stringify(this.#spec)) return;
    this.#spec = spec;
    this.#store = spec && openSnapshotStore(spec.store);
    this.#listedMs = Number.NEGATIVE_INFINITY;
    this.#waitUntilMs = 0;
  }

  /** True if it is one that is to be answered. */
  setWish(wish: DrillWish | undefined): boolean {
    if (wish?.asked === this.#wish?.asked) return false;
    this.#wish = wish;
    return this.#pendingWish() !== undefined;
  }

  status(): EtcdStatus {
    const known = {
      members: this.#members,
      backups: this.#backups,
      drills: this.#drills,
      everyMinutes: this.#spec?.everyMinutes,
      nowMs: this.#options.wallNow(),
    };
    return {
      members: [...this.#members],
      advice: adviceFor(known).map((sentence) => sentence.slice(0, 500)),
      backups: this.#backups.slice(0, BACKUPS_SHOWN),
      drills: [...this.#drills],
    };
  }

  /** One look, and what is due. Never rejects; may take minutes if a drill is due. */
  async pass(): Promise<void> {
    await this.#sweep();
    this.#members = await Promise.all(this.#clients.map(look));
    const spec = this.#spec;
    const store = this.#store;
    const wish = this.#pendingWish();
    if (spec === undefined || store === undefined) return;
    if (wish === undefined && this.#options.now() < this.#waitUntilMs) return;
    try {
      if (wish !== undefined) await this.#list(store);
      if (this.#isListDue(spec)) await this.#list(store);
      if (this.#isDue(this.#backups[0]?.takenAt, spec.everyMinutes)) await this.#snapshot(spec, store);
      if (wish !== undefined || this.#isDue(this.#drills[0]?.at, spec.drillEveryMinutes))
        await this.#drill(store, wish);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#waitUntilMs = this.#options.now() + RETRY_MS;
      this.#tell('backup.failed', reason);
      if (wish !== undefined) this.#keepDrill(this.#notHeld(wish, reason));
    }
  }

  #pendingWish(): DrillWish | undefined {
    const wish = this.#wish;
    if (wish === undefined || wish.asked === this.#answered) return undefined;
    return this.#options.wallNow() - Date.parse(wish.asked) < WISH_MS ? wish : undefined;
  }

  /** Who asked is answered, whatever kept us from it. */
  #notHeld({ asked }: DrillWish, reason: string): Drill {
    const at = new Date(this.#options.wallNow()).toISOString();
    const detail = `No drill was held: ${reason}`.slice(0, 500);
    return { at, backup: '', outcome: 'failed', detail, asked };
  }

  #keepDrill(drill: Drill): void {
    this.#drills = [drill, ...this.#drills].slice(0, DRILLS_KEPT);
    if (drill.asked !== undefined) this.#answered = drill.asked;
    this.#tell(`drill.${drill.outcome}`, `${drill.backup}: ${drill.detail}`);
  }

  /** Throw-away data that a kill left behind holds the secrets of the cluster. */
  async #sweep(): Promise<void> {
    if (this.#isSwept) return;
    const left = await readdir(this.#options.directory).catch((): string[] => []);
    await Promise.all(
      left.map((name) => rm(join(this.#options.directory, name), { recursive: true, force: true })),
    );
    this.#isSwept = true;
  }

  #isListDue({ everyMinutes, drillEveryMinutes }: BackupSpec): boolean {
    return (
      this.#options.now() - this.#listedMs >= LIST_MS ||
      this.#isDue(this.#backups[0]?.takenAt, everyMinutes) ||
      this.#isDue(this.#drills[0]?.at, drillEveryMinutes)
    );
  }

  async #list(store: SnapshotStore): Promise<void> {
    this.#listedMs = this.#options.now();
    this.#backups = await store.list();
  }

  #isDue(last: string | undefined, everyMinutes: number | undefined): boolean {
    if (everyMinutes === undefined) return false;
    return last === undefined || this.#options.wallNow() - Date.parse(last) >= everyMinutes * MINUTE_MS;
  }

  async #snapshot(spec: BackupSpec, store: SnapshotStore): Promise<void> {
    const client = this.#clients[this.#members.findIndex(({ healthy }) => healthy)];
    if (client === undefined) throw new Error('No member of etcd answers, so no snapshot can be taken.');
    const { directory, wallNow, now, cluster, log } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const begun = { wallMs: wallNow(), ms: now() };
    const takenAt = new Date(begun.wallMs).toISOString();
    const name = `${cluster}-${takenAt.replaceAll(/[:.]/g, '-')}.db`;
    const file = join(directory, name);
    try {
      const { header, version } = await client.status();
      const sha256 = await saveSnapshot(client, file);
      const { size: bytes } = await stat(file);
      const tookMs = Math.round(now() - begun.ms);
      await store.put(file, {
        name,
        takenAt,
        bytes,
        sha256,
        revision: header.revision,
        etcdVersion: version,
        tookMs,
      });
      log(`snapshot ${name}: ${bytes} bytes in ${tookMs} ms`);
    } finally {
      await rm(file, { force: true });
    }
    const all = await store.list();
    for (const old of all.slice(spec.keep)) await store.remove(old.name);
    this.#backups = all.slice(0, spec.keep);
  }

  async #drill(store: SnapshotStore, wish: DrillWish | undefined): Promise<void> {
    const [backup] = this.#backups;
    if (backup === undefined) {
      if (wish !== undefined) this.#keepDrill(this.#notHeld(wish, 'The store has no snapshot.'));
      return;
    }
    const { directory, programs, run, now, wallNow } = this.#options;
    const scratch = join(directory, 'drill');
    // The hash at the snapshot's own revision is the same for ever, as long as it is not compacted.
    const expectedHash = await this.#clients[0]?.hashAt(backup.revision);
    const held = await runDrill({ backup, store, scratch, programs, expectedHash, run, now, wallNow });
    const { steps, ...drill } = held;
    this.#keepDrill(wish === undefined ? drill : { ...drill, steps, asked: wish.asked });
  }

  #tell(action: string, detail: string): void {
    const { wallNow, onEvent, log } = this.#options;
    const at = new Date(wallNow()).toISOString();
    log(`${action}: ${detail}`);
    onEvent({
      id: `etcd-${at.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`,
      at,
      action,
      actor: '',
      detail: detail.slice(0, 500),
    });
  }
}

/** Resolves to its SHA-256. */
async function saveSnapshot(client: EtcdClient, path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = createWriteStream(path, { mode: 0o600 });
  try {
    await client.snapshot(async (piece) => {
      hash.update(piece);
      if (!file.write(piece)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
    });
  } finally {
    await new Promise<void>((resolve) => file.end(() => resolve()));
  }
  return hash.digest('hex');
}

async function look(client: EtcdClient): Promise<EtcdMember> {
  const { endpoint } = client.access;
  try {
    const [status, alarms, metrics] = await Promise.all([client.status(), client.alarms(), client.metrics()]);
    return {
      endpoint,
      id: status.header.member_id,
      version: status.version,
      isLeader: status.leader === status.header.member_id,
      healthy: status.errors.length === 0 && status.leader !== '0',
      detail: status.errors.join('; ').slice(0, DETAIL_MAX),
      databaseBytes: status.dbSize,
      databaseInUseBytes: status.dbSizeInUse,
      quotaBytes: status.dbSizeQuota,
      raftTerm: status.raftTerm,
      raftIndex: status.raftIndex,
      ...figuresOf(metrics),
      alarms: [...alarms],
    };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { ...SILENT, endpoint, detail: detail.slice(0, DETAIL_MAX) };
  }
}

const SILENT: Omit<EtcdMember, 'endpoint' | 'detail'> = {
  id: '',
  version: '',
  isLeader: false,
  healthy: false,
  databaseBytes: 0,
  databaseInUseBytes: 0,
  quotaBytes: 0,
  raftTerm: 0,
  raftIndex: 0,
  leaderChanges: 0,
  fsyncP99Ms: null,
  commitP99Ms: null,
  alarms: [],
};
