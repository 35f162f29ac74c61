/** Signs with the deployment's key in KMS, which the private half never leaves. */
import { createHash } from 'node:crypto';
import type { Signer } from '../reconcile/ports.ts';
import { rootOf } from './facts.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';

export interface SignerSettings {
  /** Id or ARN of the key. */
  readonly signingKey: string;
  /** Its public half: SPKI, DER in base64. */
  readonly root: string;
}

export function createSigner({ signingKey, root }: SignerSettings): Signer {
  const service = once(async () => {
    const kms = await import('@aws-sdk/client-kms');
    return { client: new kms.KMSClient(LIMITS), SignCommand: kms.SignCommand };
  });
  const { id, publicKey } = rootOf(root);
  return {
    keyId: id,
    publicKey,
    async sign(message) {
      const { client, SignCommand } = await service();
      const answer = await client.send(
        new SignCommand({
          KeyId: signingKey,
          // The digest, because KMS takes no message beyond 4 kB.
          MessageType: 'DIGEST',
          Message: createHash('sha256').update(message).digest(),
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (answer.Signature === undefined) throw new Error('KMS answered without a signature.');
      return answer.Signature;
    },
  };
}
