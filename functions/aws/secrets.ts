/** Secrets by id in Secrets Manager, as text. It logs none, and keeps one for minutes only, so that a new one takes effect. */
import type { Clock } from '../reconcile/ports.ts';
import { LIMITS } from './limits.ts';
import { once } from './once.ts';

const KEPT_MS = 300_000;

export interface Secrets {
  /** Undefined if the secret has no value yet. */
  read(id: string): Promise<string | undefined>;
  write(id: string, text: string): Promise<void>;
}

export function createSecrets(): Secrets {
  const service = once(async () => {
    const manager = await import('@aws-sdk/client-secrets-manager');
    return { client: new manager.SecretsManagerClient(LIMITS), ...manager };
  });
  return {
    async read(id) {
      const { client, GetSecretValueCommand, DescribeSecretCommand, ResourceNotFoundException } =
        await service();
      try {
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
        return SecretString === undefined || SecretString === '' ? undefined : SecretString;
      } catch (fault) {
        if (!(fault instanceof ResourceNotFoundException)) throw fault;
        // A secret without a value and no secret at all are the same fault; the second one is an error.
        await client.send(new DescribeSecretCommand({ SecretId: id }));
        return undefined;
      }
    },
    async write(id, text) {
      const { client, PutSecretValueCommand } = await service();
      await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: text }));
    },
  };
}

/** Reads one secret, which must have a value, at most once in some minutes. */
export function keptSecret(secrets: Pick<Secrets, 'read'>, id: string, clock: Pick<Clock, 'now'>) {
  let kept: { readonly text: string; readonly atMs: number } | undefined;
  return async (): Promise<string> => {
    const nowMs = Date.parse(clock.now());
    if (kept !== undefined && nowMs - kept.atMs < KEPT_MS) return kept.text;
    const text = await secrets.read(id);
    if (text === undefined) throw new Error(`The secret ${id} has no value.`);
    kept = { text, atMs: nowMs };
    return text;
  };
}
