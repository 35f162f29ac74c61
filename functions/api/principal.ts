/** From a Bearer API key to a principal. Whatever is wrong with a key, the answer is the same. */
import type { Principal } from '../../protocol/key.ts';
import type { Item, Store } from '../store/port.ts';
import { refuse } from './problems.ts';
import { matchesHash, readKey } from './secret.ts';

/** Compared with when there is no such key, so that an unknown name takes as long as a wrong secret. */
const NO_HASH = '0'.repeat(64);

export async function authenticateUser(authorization: string | null, store: Store): Promise<Principal> {
  const text = readKey(/^Bearer ([!-~]{1,200})$/i.exec(authorization ?? '')?.[1] ?? '');
  if (text === undefined) return refuseKey();
  const item = await store.get({ kind: 'key', tenant: text.tenant, name: text.name });
  const known = item !== undefined && item.deletedAt === undefined;
  const matches = matchesHash(text.secret, known ? item.internal.secretHash : NO_HASH);
  if (!known || !matches || !(await isOfTenant(item, store))) return refuseKey();
  return { name: text.name, tenant: text.tenant, role: item.spec.role };
}

/** A key ends with its tenant: one that comes later under the same name does not know it. */
async function isOfTenant({ key, createdAt }: Item<'key'>, store: Store): Promise<boolean> {
  if (key.tenant === '*') return true;
  const tenant = await store.get({ kind: 'tenant', tenant: '*', name: key.tenant });
  return tenant !== undefined && tenant.deletedAt === undefined && tenant.createdAt <= createdAt;
}

function refuseKey(): never {
  return refuse('unauthenticated', 'Send a valid API key: `Authorization: Bearer isk_...`.');
}
