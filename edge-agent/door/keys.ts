/** Keys of a node and what they are known by. A node's key is made on its host and never leaves it. */
import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';

export interface NodeKey {
  /** PEM. */
  readonly key: string;
  readonly publicKey: string;
}

export function newKey(): NodeKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

/** SHA-256 in hex. */
export function keyDigest(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export function certificateDigest(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

export function digestOfPem(pem: string): string {
  return certificateDigest(new X509Certificate(pem));
}
