/** The keys of an issuer, read from where its configuration document or ours says: kept, and read again for a key that is not known, but not at every asker's will. */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { TrustedIssuer } from '../../protocol/sign-in.ts';

const TIMEOUT_MS = 5_000;
const KEPT_MS = 600_000;
/** A token with an unknown key makes us look again this often at most. */
const COOLDOWN_MS = 30_000;
const FAILED_COOLDOWN_MS = 5_000;
const DOCUMENT_BYTES_MAX = 65_536;

/** OpenID Connect Discovery 1.0, section 3: as much as is needed. */
const Configuration = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export function openKeys(trusted: TrustedIssuer, nowMs: () => number): () => Promise<JWTVerifyGetKey> {
  let found: JWTVerifyGetKey | undefined;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (found !== undefined) return found;
    if (nowMs() - failedAtMs < FAILED_COOLDOWN_MS)
      throw new Error('its configuration could not be read a moment ago');
    try {
      found = createRemoteJWKSet(await addressOf(trusted), {
        timeoutDuration: TIMEOUT_MS,
        cacheMaxAge: KEPT_MS,
        cooldownDuration: COOLDOWN_MS,
      });
      return found;
    } catch (error) {
      failedAtMs = nowMs();
      throw error;
    }
  };
}

async function addressOf({ issuer, keys }: TrustedIssuer): Promise<URL> {
  if (keys !== undefined) return new URL(keys);
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok || text.length > DOCUMENT_BYTES_MAX)
    throw new Error(`it answered ${answer.status} to who asked for its configuration`);
  const configuration = Configuration.parse(JSON.parse(text));
  if (configuration.issuer !== issuer)
    throw new Error(`it calls itself ${configuration.issuer.slice(0, 200)}`);
  const address = new URL(configuration.jwks_uri);
  if (address.protocol !== new URL(issuer).protocol)
    throw new Error('its keys lie at an address of another protocol');
  return address;
}
