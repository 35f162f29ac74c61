/**
 * What is large and can be made again is kept in a cache, and is known by its SHA-256. It must not know what the files
 * are for.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Packing harder than this takes four times as long and saves a tenth. */
const GZIP_LEVEL = 5;

/** Where things are kept that can be made again. */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const home = environment['HOME'] || homedir() || '/root';
  return (
    environment['ISTHMUS_CACHE'] || join(environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'isthmus')
  );
}

/** In lower-case hex. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Half a file never lies under the name that is looked for. */
export async function packFile(source: string, packed: string): Promise<void> {
  const beside = `${packed}.${process.pid}`;
  await pipeline(createReadStream(source), createGzip({ level: GZIP_LEVEL }), createWriteStream(beside));
  await rename(beside, packed);
}
