/** WireGuard keys: made once, kept private, and the same as the real tools make. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ensureKey,
  generatePrivateKey,
  keepKey,
  publicKeyOf,
  readPrivateKey,
} from '../../../edge-agent/apply/keys.ts';
import { WireguardKey } from '../../../protocol/wireguard-key.ts';
import { recorded } from '../observe/recorded.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keys-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('the public half is the one that WireGuard computes', () => {
  const [privateKey = '', publicKey] = recorded('wg-dump-edge.txt').split('\t');
  expect(publicKeyOf(privateKey)).toBe(publicKey);
});

test('no two keys are equal, and all are WireGuard keys', () => {
  const keys = Array.from({ length: 20 }, () => publicKeyOf(generatePrivateKey()));
  expect(new Set(keys).size).toBe(20);
  expect(keys.every((key) => WireguardKey.safeParse(key).success)).toBe(true);
});

test('a key is made once, for root only, and leaves no temporary file', async () => {
  const file = join(directory, 'wireguard.key');
  const first = await ensureKey(file);
  expect(await ensureKey(file)).toBe(first);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['wireguard.key']);
  expect(publicKeyOf((await readFile(file, 'utf8')).trim())).toBe(first);
});

test('a file that holds no key is refused, never overwritten', async () => {
  const file = join(directory, 'wireguard.key');
  await writeFile(file, 'half a k');
  await expect(ensureKey(file)).rejects.toThrow();
  await expect(readPrivateKey(file)).rejects.toThrow();
  expect(await readFile(file, 'utf8')).toBe('half a k');
});

test('a key that was made elsewhere replaces what is there, for root only, and is written once', async () => {
  const file = join(directory, 'state/wireguard.key');
  const [first, second] = [generatePrivateKey(), generatePrivateKey()];
  expect(await keepKey(file, first)).toBe(publicKeyOf(first));
  const { ino } = await stat(file);
  await keepKey(file, first);
  expect((await stat(file)).ino).toBe(ino);
  await writeFile(file, 'half a k');
  await keepKey(file, second);
  expect(await readPrivateKey(file)).toBe(second);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(directory, 'state'))).toEqual(['wireguard.key']);
  await expect(keepKey(file, 'no key')).rejects.toThrow();
});
