/** From a Bearer credential to a caller: an API key, or an access token of an issuer that is trusted. Whatever is wrong with a key, the answer is the same. */

import type { Identity } from '../../protocol/identity.ts';
import type { Caller, Grant } from '../domain/authorize.ts';
import type { TokenCheck } from '../oidc/token-check.ts';
import type { Store } from '../store/port.ts';
import { grantOf, grantsOf, isOfTenant, type Place } from './grants.ts';
import { refuse } from './problems.ts';
import { matchesHash, readKey } from './secret.ts';

/** Compared with when there is no such key, so that an unknown name takes as long as a wrong secret. */
const NO_HASH = '0'.repeat(64);
/** Tokens with many groups are long; the server's limit on headers is above this. */
const CREDENTIAL_LENGTH_MAX = 8_192;
const BEARER = /^Bearer ([!-~]+)$/i;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export interface Credentials {
  readonly store: Store;
  /** Absent where nobody signs in elsewhere. */
  readonly checkToken?: TokenCheck | undefined;
}

/** `place`: where the caller wants to act. */
export async function authenticateUser(
  credentials: Credentials,
  authorization: string | null,
  place: Place,
): Promise<Caller> {
  const text = BEARER.exec(authorization ?? '')?.[1] ?? '';
  if (text.length > CREDENTIAL_LENGTH_MAX) return refuseCredential();
  const { checkToken, store } = credentials;
  if (checkToken === undefined || !TOKEN.test(text)) return authenticateKey(store, text);
  const checked = await checkToken(text);
  if (checked.kind === 'unavailable')
    return refuse('busy', "The keys of the token's issuer can't be read right now. Try again.");
  if (checked.kind === 'refused') return refuseCredential(checked.fault);
  return callerOf(checked.identity, await grantsOf(store, checked.identity, place));
}

async function authenticateKey(store: Store, credential: string): Promise<Caller> {
  const text = readKey(credential);
  if (text === undefined) return refuseCredential();
  const item = await store.get({ kind: 'key', tenant: text.tenant, name: text.name });
  const known = item !== undefined && item.deletedAt === undefined;
  const matches = matchesHash(text.secret, known ? item.internal.secretHash : NO_HASH);
  if (!known || !matches || !(await isOfTenant(item, store))) return refuseCredential();
  const { role } = item.spec;
  const grants = [await grantOf(store, { tenant: text.tenant, role })];
  return { kind: 'key', name: text.name, tenant: text.tenant, role, grants };
}

function callerOf(identity: Identity, grants: readonly Grant[]): Caller {
  const { kind, issuer, subject, name } = identity;
  const { tenant = '', role = '' } = grants[0] ?? {};
  return { kind, issuer, subject, name, tenant, role, grants, identity };
}

function refuseCredential(fault?: string): never {
  return refuse(
    'unauthenticated',
    fault === undefined
      ? 'Send a valid API key, or access token: `Authorization: Bearer isk_...`.'
      : `The access token is not valid here: ${fault}.`,
  );
}
