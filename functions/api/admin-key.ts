/**
 * The first admin key: made when the deployment begins, and shown once. A lost one is replaced by whoever owns the
 * deployment's machine or account, which ends the old one. Only its hash is stored. No route leads here.
 */
import type { Clock } from '../reconcile/ports.ts';
import type { Store } from '../store/port.ts';
import { newItem, nextItem, withEvent } from './item.ts';
import { formatKey, hashSecret } from './secret.ts';

const KEY = { kind: 'key', tenant: '*', name: 'admin' } as const;
const SECRET_BYTES = 16;

/** Makes the key if the deployment has none; answers its text, or undefined if there is one. */
export async function ensureAdminKey(store: Store, clock: Clock): Promise<string | undefined> {
  const keys = await store.list('key', KEY.tenant, { limit: 1 });
  if (keys.items.length > 0) return undefined;
  return replaceAdminKey(store, clock);
}

/** Makes the key `admin` anew, whether there is one or not, and answers its text. */
export async function replaceAdminKey(store: Store, clock: Clock): Promise<string> {
  const secret = clock.randomHex(SECRET_BYTES);
  const cause = {
    actor: 'system',
    requestId: `start-${clock.randomHex(SECRET_BYTES)}`,
    now: clock.now(),
  };
  const internal = { secretHash: hashSecret(secret) };
  const existing = await store.get(KEY);
  const written =
    existing === undefined
      ? await store.create(
          newItem(
            {
              key: KEY,
              spec: { role: 'admin', description: 'made at the first start' },
              status: {},
              internal,
            },
            cause,
            { action: 'create', detail: 'The first admin key was made by the deployment itself.' },
          ),
        )
      : await store.replace(
          withEvent(nextItem(existing, { internal }, cause), cause, {
            action: 'update',
            detail: 'The admin key was replaced by the deployment itself.',
          }),
        );
  if (written !== 'written') throw new Error('The admin key changed at the same time; run this again.');
  return formatKey({ tenant: KEY.tenant, name: KEY.name, secret });
}
