/**
 * The WireGuard keys of this host, a file each that only root reads: the present one, the next one while it is not in use everywhere, and the one before until nobody may
 * need it. Each change is one file that comes or goes whole, so a host that dies at any point has the keys that it speaks with.
 */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { WireguardKey } from '../protocol/wireguard-key.ts';
import { generatePrivateKey, publicKeyOf } from './apply/keys.ts';
import { flushDirectory, writeDurably } from './link/durable.ts';
import type { RingStep, RingView } from './plan/key-ring.ts';

export interface RingFiles {
  readonly wireguardKey: string;
  readonly nextKey: string;
  readonly oldKey: string;
}

export class KeyRing {
  readonly #files: RingFiles;
  #view: RingView;

  /** Makes the present key if there is none. Throws if a file holds something else than a key. */
  constructor(files: RingFiles) {
    this.#files = files;
    if (readKey(files.wireguardKey) === undefined) writeKey(files.wireguardKey, generatePrivateKey());
    this.#view = readRing(files);
  }

  get view(): RingView {
    return this.#view;
  }

  /** The file with the private half of a key of this host. */
  fileOf(publicKey: string): string {
    const { wireguardKey, nextKey, oldKey } = this.#files;
    if (publicKey === this.#view.next) return nextKey;
    return publicKey === this.#view.old ? oldKey : wireguardKey;
  }

  take(step: RingStep): void {
    const { nextKey, oldKey } = this.#files;
    if (step === 'make') writeKey(nextKey, generatePrivateKey());
    if (step === 'promote') this.#promote();
    if (step === 'discard_next') rmSync(nextKey, { force: true });
    if (step === 'forget_old') rmSync(oldKey, { force: true });
    this.#view = readRing(this.#files);
  }

  /** The present key is kept as the old one before the next one takes its name. */
  #promote(): void {
    const { wireguardKey, nextKey, oldKey } = this.#files;
    const present = readKey(wireguardKey);
    if (present === undefined || readKey(nextKey) === undefined) return;
    writeKey(oldKey, present);
    renameSync(nextKey, wireguardKey);
    flushDirectory(dirname(wireguardKey));
  }
}

/** A copy of the present key is what a host that died while it promoted has left. */
function readRing({ wireguardKey, nextKey, oldKey }: RingFiles): RingView {
  const [present, next, old] = [wireguardKey, nextKey, oldKey].map((file) => {
    const key = readKey(file);
    return key === undefined ? undefined : publicKeyOf(key);
  });
  if (present === undefined) throw new Error(`${wireguardKey} is gone: enrol this host anew`);
  return { present, next, old: old === present ? undefined : old };
}

function readKey(file: string): string | undefined {
  try {
    return WireguardKey.parse(readFileSync(file, 'utf8').trim());
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Error(`${file} holds no key`, { cause });
  }
}

function writeKey(file: string, key: string): void {
  writeDurably(file, `${key}\n`);
}
