/**
 * Leaves by hash in a directory: a file a leaf, written aside and moved into place, so that a reader never sees half of one.
 * What is read is checked against its hash. Nothing is deleted here.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blobs } from '../functions/reconcile/ports.ts';

/** Far above the largest leaf; a limit against a mistake, not a quota. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** Opens the directory, and clears what a killed process left half written. */
export async function openBlobs(options: { readonly directory: string }): Promise<Blobs> {
  const { directory } = options;
  const aside = join(directory, 'writing');
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  return {
    async put(hash, text) {
      check(hash, text);
      if ((await read(pathOf(directory, hash))) === text) return;
      await writeWhole(join(aside, randomUUID()), pathOf(directory, hash), text);
    },
    async get(hash) {
      if (!HASH.test(hash)) return undefined;
      const path = pathOf(directory, hash);
      const text = await read(path);
      if (text === undefined || hashOf(text) === hash) return text;
      // A damaged leaf is as good as none, so that it is written anew; the bad file stays for whoever looks into it.
      await rename(path, `${path}.damaged`).catch(ignoreMissing);
      return undefined;
    },
  };
}

function check(hash: string, text: string): void {
  if (Buffer.byteLength(text) > TEXT_BYTES_MAX)
    throw new RangeError(`A leaf is larger than ${TEXT_BYTES_MAX} bytes`);
  if (hashOf(text) !== hash) throw new RangeError(`A leaf is not what its hash says: ${hash}`);
}

async function writeWhole(aside: string, path: string, text: string): Promise<void> {
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  const isNew = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rename(aside, path);
  await syncDirectory(dirname(path));
  if (isNew !== undefined) await syncDirectory(dirname(dirname(path)));
}

/** A renamed file is only there for good when its directory is on the disk. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

function ignoreMissing(fault: NodeJS.ErrnoException): undefined {
  if (fault.code !== 'ENOENT') throw fault;
}

/** 256 directories keep each one small. */
function pathOf(directory: string, hash: string): string {
  return join(directory, hash.slice(0, 2), hash);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
