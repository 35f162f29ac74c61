/** Where snapshots are kept: a directory, or an S3-compatible store. Each snapshot is two files, itself and what is known of it. It decides nothing about which are kept. */
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Backup, type BackupStore } from '../../protocol/backup.ts';

const FACTS = '.json';
/** Left free beside what is written. */
const SPARE_BYTES = 100_000_000;
const LISTED_MAX = 1_000;

export interface SnapshotStore {
  /** Takes a local file over; the facts come last, so that a snapshot without them does not count. */
  put(file: string, backup: Backup): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly Backup[]>;
  /** Fetches it into a local file. */
  get(name: string, file: string): Promise<void>;
  remove(name: string): Promise<void>;
}

export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

export function openSnapshotStore(store: BackupStore): SnapshotStore {
  return store.kind === 'directory' ? directoryStore(store.path) : s3Store(store);
}

function directoryStore(directory: string): SnapshotStore {
  const at = (name: string) => join(directory, name);
  return {
    put: async (file, backup) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await statfs(directory);
      if (bavail * bsize < backup.bytes + SPARE_BYTES)
        throw new StoreFull(
          `${directory} has no room for ${backup.bytes} bytes. Make room, or keep fewer snapshots.`,
        );
      await copyFile(file, at(`${backup.name}.new`));
      await rename(at(`${backup.name}.new`), at(backup.name));
      await pipeline(
        Readable.from([JSON.stringify(backup)]),
        createWriteStream(at(`${backup.name}${FACTS}.new`), { mode: 0o600 }),
      );
      await rename(at(`${backup.name}${FACTS}.new`), at(`${backup.name}${FACTS}`));
    },
    list: async () => {
      const names = (await readdir(directory).catch((): string[] => [])).filter((name) =>
        name.endsWith(FACTS),
      );
      const texts = await Promise.all(names.slice(-LISTED_MAX).map((name) => readFile(at(name), 'utf8')));
      return newestFirst(texts.flatMap(readFacts));
    },
    get: async (name, file) => {
      await stat(at(name));
      await copyFile(at(name), file);
    },
    remove: async (name) => {
      await Promise.all([name, `${name}${FACTS}`].map((file) => rm(at(file), { force: true })));
    },
  };
}

/** The client is large and few need it: it is loaded at the first use. Credentials are found as the SDK finds them, at the site. */
function s3Store(store: Extract<BackupStore, { kind: 's3' }>): SnapshotStore {
  const connect = async () => {
    const sdk = await import('@aws-sdk/client-s3');
    const { endpoint, region, bucket } = store;
    const own = endpoint === undefined ? {} : { endpoint, forcePathStyle: true };
    return { sdk, bucket: { Bucket: bucket }, client: new sdk.S3Client({ region, ...own }) };
  };
  let connected: ReturnType<typeof connect> | undefined;
  const open = () => (connected ??= connect());
  const keyOf = (name: string) => `${store.prefix}${name}`;
  return {
    put: async (file, backup) => {
      const { sdk, client, bucket } = await open();
      const body = { Body: createReadStream(file), ContentLength: backup.bytes };
      await client.send(new sdk.PutObjectCommand({ ...bucket, Key: keyOf(backup.name), ...body }));
      const facts = { Key: keyOf(`${backup.name}${FACTS}`), Body: JSON.stringify(backup) };
      await client.send(new sdk.PutObjectCommand({ ...bucket, ...facts }));
    },
    list: async () => {
      const { sdk, client, bucket } = await open();
      const { Contents = [] } = await client.send(
        new sdk.ListObjectsV2Command({ ...bucket, Prefix: store.prefix }),
      );
      const keys = Contents.flatMap(({ Key }) => (Key?.endsWith(FACTS) === true ? [Key] : [])).slice(
        -LISTED_MAX,
      );
      const texts = await Promise.all(
        keys.map(async (Key) => {
          const { Body } = await client.send(new sdk.GetObjectCommand({ ...bucket, Key }));
          return (await Body?.transformToString()) ?? '';
        }),
      );
      return newestFirst(texts.flatMap(readFacts));
    },
    get: async (name, file) => {
      const { sdk, client, bucket } = await open();
      const { Body } = await client.send(new sdk.GetObjectCommand({ ...bucket, Key: keyOf(name) }));
      if (!(Body instanceof Readable)) throw new Error(`${name} is empty`);
      await pipeline(Body, createWriteStream(file, { mode: 0o600 }));
    },
    remove: async (name) => {
      const { sdk, client, bucket } = await open();
      for (const one of [name, `${name}${FACTS}`])
        await client.send(new sdk.DeleteObjectCommand({ ...bucket, Key: keyOf(one) }));
    },
  };
}

/** What can't be read is no snapshot of ours. */
function readFacts(text: string): Backup[] {
  try {
    const parsed = Backup.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function newestFirst(backups: readonly Backup[]): Backup[] {
  return [...backups].sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt));
}
