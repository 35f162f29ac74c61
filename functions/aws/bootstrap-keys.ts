/**
 * The keys of a deployment, made when it is made: the public half of the signing key is read, each hub's slot gets a
 * WireGuard key, and the server secret a value. What exists stays: a key that changes cuts off whoever knows it.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { WireguardKey } from '../../protocol/wireguard-key.ts';
import type { Clock } from '../reconcile/ports.ts';
import { readJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';
import type { Secrets } from './secrets.ts';

const SERVER_SECRET_BYTES = 32;

/** What a slot's secret holds; 32 bytes each, in base64. */
const SlotKey = z.object({ privateKey: z.base64().length(44), publicKey: WireguardKey });
type SlotKey = z.infer<typeof SlotKey>;

export const KeysWanted = z.object({
  what: z.literal('keys'),
  /** Id or ARN of the signing key. */
  signingKey: z.string().min(1),
  /** `secret`: id of the secret with the slot's WireGuard key. */
  hubs: z.array(z.object({ name: z.string().min(1), secret: z.string().min(1) })),
  tokenSecret: z.string().min(1),
});
export type KeysWanted = z.infer<typeof KeysWanted>;

export interface KeysDependencies {
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'randomHex'>;
  /** SPKI, DER in base64, of a signing key. */
  readonly publicKeyOf: (signingKey: string) => Promise<string>;
}

/** Answers `Roots` and `PublicKey.HUB`, as attributes of the custom resource. */
export async function makeKeys(
  dependencies: KeysDependencies,
  wanted: KeysWanted,
): Promise<Record<string, string>> {
  const { secrets, clock } = dependencies;
  const data: Record<string, string> = { Roots: await dependencies.publicKeyOf(wanted.signingKey) };
  if ((await secrets.read(wanted.tokenSecret)) === undefined)
    await secrets.write(wanted.tokenSecret, clock.randomHex(SERVER_SECRET_BYTES));
  for (const { name, secret } of wanted.hubs)
    data[`PublicKey.${name}`] = (await ensureSlotKey(secrets, secret)).publicKey;
  return data;
}

async function ensureSlotKey(secrets: Secrets, id: string): Promise<SlotKey> {
  const text = await secrets.read(id);
  if (text === undefined) {
    const made = makeSlotKey();
    await secrets.write(id, JSON.stringify(made));
    return made;
  }
  const kept = SlotKey.safeParse(readJson(text));
  if (!kept.success)
    throw new Error(`The secret ${id} holds something that is no WireGuard key; it is left as it is.`);
  return kept.data;
}

function makeSlotKey(): SlotKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey: rawOf(privateKey, 'd'), publicKey: rawOf(publicKey, 'x') };
}

/** The 32 bytes, in base64 as WireGuard writes them. */
function rawOf(key: KeyObject, part: 'd' | 'x'): string {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url').toString('base64');
}

/** Reads public keys from KMS; refuses a key that could not sign documents. */
export function publicKeyReader(): KeysDependencies['publicKeyOf'] {
  const service = once(async () => {
    const kms = await import('@aws-sdk/client-kms');
    return { client: new kms.KMSClient(LIMITS), GetPublicKeyCommand: kms.GetPublicKeyCommand };
  });
  return async (signingKey) => {
    const { client, GetPublicKeyCommand } = await service();
    const { PublicKey, KeySpec, KeyUsage } = await client.send(
      new GetPublicKeyCommand({ KeyId: signingKey }),
    );
    if (PublicKey === undefined || KeySpec !== 'ECC_NIST_P256' || KeyUsage !== 'SIGN_VERIFY')
      throw new Error(`The signing key is ${KeySpec} for ${KeyUsage}, not ECC_NIST_P256 for SIGN_VERIFY.`);
    return Buffer.from(PublicKey).toString('base64');
  };
}
