/**
 * The key that signs tokens of clusters. It follows from the server's secret, so that there is nothing more to keep, and it is not the key of
 * documents: whoever has taken the API over can make tokens for those whom a document names, and no document.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';
import type { SigningRoot } from '../../protocol/signing-root.ts';

const CONTEXT = 'isthmus cluster tokens v1';
const SEED_BYTES = 32;
const ID_DIGITS = 16;
/** PKCS #8 of an Ed25519 key (RFC 8410), up to its seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface Issuer {
  readonly root: SigningRoot;
  /** Signature in base64url. */
  sign(text: string): string;
}

export function openIssuer(secret: string): Issuer {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', CONTEXT, SEED_BYTES));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest('hex').slice(0, ID_DIGITS);
  return {
    root: { id, publicKey: spki.toString('base64') },
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
  };
}
