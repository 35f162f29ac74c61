/** The deployment's signing key as a file (on AWS it lives in KMS): ECDSA P-256, made at the first start. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import type { Signer } from '../functions/reconcile/ports.ts';
import { readOrMake } from './state.ts';

const KEY_ID_DIGITS = 16;

export function openSigningKey(directory: string): Signer {
  const pem = readOrMake(join(directory, 'signing.key'), () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  );
  const key = createPrivateKey(pem);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    keyId: createHash('sha256').update(spki).digest('hex').slice(0, KEY_ID_DIGITS),
    publicKey: spki.toString('base64'),
    sign: (message) => Promise.resolve(sign('sha256', message, key)),
  };
}
