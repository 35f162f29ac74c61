/** Leaves in a directory: whole or absent, never half, never something else than the hash says. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobs } from '../../local/blobs.ts';

const TEXT = '{"kind":"self","name":"Zürich"}';
const HASH = hashOf(TEXT);

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-blobs-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('blobs in a directory', () => {
  it('return what was put, also after they are opened again', async () => {
    await (await openBlobs({ directory })).put(HASH, TEXT);
    expect(await (await openBlobs({ directory })).get(HASH)).toBe(TEXT);
  });

  it('return nothing for a hash that was never put, or that is none', async () => {
    const blobs = await openBlobs({ directory });
    expect(await blobs.get(HASH)).toBeUndefined();
    expect(await blobs.get('../../etc/passwd')).toBeUndefined();
    expect(await blobs.get('')).toBeUndefined();
  });

  it('refuse a text under a hash that is not its own', async () => {
    const blobs = await openBlobs({ directory });
    await expect(blobs.put(hashOf('else'), TEXT)).rejects.toThrow('A leaf is not what its hash says');
    await expect(blobs.put('../escape', TEXT)).rejects.toThrow('A leaf is not what its hash says');
    expect(await blobs.get(hashOf('else'))).toBeUndefined();
  });

  it('take the same text many times at once', async () => {
    const blobs = await openBlobs({ directory });
    await Promise.all(Array.from({ length: 20 }, () => blobs.put(HASH, TEXT)));
    expect(await blobs.get(HASH)).toBe(TEXT);
    expect(await readdir(join(directory, 'writing'))).toStrictEqual([]);
  });

  it.each([
    ['cut short', (path: string) => truncate(path, 5)],
    ['altered', (path: string) => writeFile(path, TEXT.replace('self', 'else'))],
    ['empty', (path: string) => truncate(path, 0)],
  ])('do not return a file that was %s, put it aside, and take the text again', async (_, damage) => {
    const blobs = await openBlobs({ directory });
    await blobs.put(HASH, TEXT);
    const path = join(directory, HASH.slice(0, 2), HASH);
    await damage(path);
    const damaged = await readFile(path, 'utf8');
    expect(await blobs.get(HASH)).toBeUndefined();
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(damaged);
    await blobs.put(HASH, TEXT);
    expect(await blobs.get(HASH)).toBe(TEXT);
  });

  it('mend a damaged file that nobody has read yet', async () => {
    const blobs = await openBlobs({ directory });
    await blobs.put(HASH, TEXT);
    await truncate(join(directory, HASH.slice(0, 2), HASH), 3);
    await blobs.put(HASH, TEXT);
    expect(await blobs.get(HASH)).toBe(TEXT);
  });

  it('forget what a killed process left half written', async () => {
    await mkdir(join(directory, 'writing'));
    await writeFile(join(directory, 'writing', 'half'), TEXT.slice(0, 5));
    await openBlobs({ directory });
    expect(await readdir(join(directory, 'writing'))).toStrictEqual([]);
  });
});

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
