/**
 * The agent's identity: an Ed25519 key that is made once on the host and never leaves it.
 * It signs requests and the enrolment's proof; it must not be used for anything else.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeDurably } from './durable.ts';

export interface Identity {
  /** SPKI, DER in base64. */
  readonly publicKey: string;
  /** Ed25519 signature in base64. */
  sign(message: string): string;
}

/** The identity in this file, or undefined if there is no file. Throws if the file holds no Ed25519 key. */
export function readIdentity(path: string): Identity | undefined {
  const text = readIfPresent(path);
  return text === undefined ? undefined : identityOf(createPrivateKey(text));
}

/** The identity in this file; makes the file (mode 0600) if there is none. */
export function ensureIdentity(path: string): Identity {
  const present = readIdentity(path);
  if (present !== undefined) return present;
  const { privateKey } = generateKeyPairSync('ed25519');
  writeDurably(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return identityOf(privateKey);
}

function identityOf(key: KeyObject): Identity {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the identity key is not Ed25519');
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, sign: (message) => sign(null, Buffer.from(message, 'utf8'), key).toString('base64') };
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
