/** The agent's WireGuard key: made here, kept in a file that only root reads, and never shown. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WireguardKey } from '../../protocol/wireguard-key.ts';

/** DER of a PKCS #8 private key for X25519, up to the 32 bytes of the key itself (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The key as `wg genkey` prints it. */
export function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('x25519');
  return privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32).toString('base64');
}

/** The public half, as `wg pubkey` prints it. */
export function publicKeyOf(privateKey: string): string {
  const key = Buffer.concat([PKCS8_PREFIX, Buffer.from(WireguardKey.parse(privateKey), 'base64')]);
  const publicKey = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
}

/** The public half of the key in a file; the file is made if there is none. */
export async function ensureKey(file: string): Promise<string> {
  const existing = await readPrivateKey(file);
  if (existing !== undefined) return publicKeyOf(existing);
  const made = generatePrivateKey();
  await writeKey(file, made);
  return publicKeyOf(made);
}

/** Keeps a key that was made elsewhere, as a slot's is, over whatever is there; resolves to its public half. */
export async function keepKey(file: string, privateKey: string): Promise<string> {
  const publicKey = publicKeyOf(privateKey);
  if ((await readPrivateKey(file).catch(() => undefined)) !== privateKey) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeKey(file, privateKey);
  }
  return publicKey;
}

/** Undefined if there is no file; rejects if it holds no key. */
export async function readPrivateKey(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : WireguardKey.parse(text.trim());
}

/** Whole or not at all, even if the host loses power. */
async function writeKey(file: string, key: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${key}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file).catch(async (error: unknown) => {
    await rm(temporary, { force: true });
    throw error;
  });
}
