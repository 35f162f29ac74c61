/** An issuer of access tokens on loopback: it publishes its key, and signs whatever claims a test wants. Nobody signs in there; where that matters, `identity-provider.ts` is the one to take. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { TrustedIssuer } from '../../protocol/sign-in.ts';

const AUDIENCE = 'https://api.isthmus.test';

export interface TokenIssuer {
  readonly issuer: string;
  readonly trusted: TrustedIssuer;
  /** Good for five minutes from this time, milliseconds since 1970. */
  token(subject: string, claims?: Readonly<Record<string, unknown>>, nowMs?: number): Promise<string>;
  close(): Promise<void>;
}

export async function startTokenIssuer(over: Partial<TrustedIssuer> = {}): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const published = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] });
  const server = createServer((_, response) => response.end(published));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${String(Object(server.address()).port)}`;
  return {
    issuer,
    trusted: TrustedIssuer.parse({
      issuer,
      audiences: [AUDIENCE],
      keys: `${issuer}/keys`,
      algorithms: ['ES256'],
      ...over,
    }),
    token: (sub, claims = {}, nowMs = Date.now()) => {
      const now = Math.floor(nowMs / 1_000);
      return new SignJWT({ iss: issuer, aud: AUDIENCE, sub, iat: now - 10, exp: now + 300, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(privateKey);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
