/** A real OpenID provider on loopback, of the package `oidc-provider`: people who sign in by its own forms, access tokens for one API, and keys that a test exchanges. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import { TrustedIssuer } from '../../protocol/sign-in.ts';

export const RESOURCE = 'https://api.isthmus.test';
export const OTHER_RESOURCE = 'https://elsewhere.test';
export const REDIRECT = 'http://127.0.0.1:9/signed-in';
const CLIENTS = { console: 'console', cli: 'cli' };

export interface IdentityProvider {
  readonly issuer: string;
  readonly trusted: TrustedIssuer;
  /** How often its keys were read. */
  keyReads(): number;
  /** From now on the console may stand at this address too. */
  allow(redirect: string): void;
  /** From now on it signs with another key, and no longer knows the one before. */
  rotate(): void;
  close(): Promise<void>;
}

export async function startIdentityProvider(over: Partial<TrustedIssuer> = {}): Promise<IdentityProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  let reads = 0;
  let key = 0;
  const redirects = [REDIRECT];
  const jwk = signingKey(0);
  let answer = open(issuer, { jwk, redirects }).callback();
  server.on('request', (request, response) => {
    if (request.url === '/jwks') reads += 1;
    void answer(request, response);
  });
  return {
    issuer,
    trusted: TrustedIssuer.parse({
      issuer,
      audiences: [RESOURCE],
      clients: CLIENTS,
      resource: RESOURCE,
      algorithms: ['ES256'],
      ...over,
    }),
    keyReads: () => reads,
    allow(redirect) {
      redirects.push(redirect);
      answer = open(issuer, { jwk, redirects }).callback();
    },
    rotate() {
      key += 1;
      answer = open(issuer, { jwk: signingKey(key), redirects }).callback();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Particulars {
  readonly jwk: JWK;
  readonly redirects: readonly string[];
}

function open(issuer: string, particulars: Particulars): Provider {
  return new Provider(issuer, configurationOf(particulars));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the provider does not listen');
  return address.port;
}

function signingKey(id: number): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x, y, d, kid: `key-${id}`, use: 'sig', alg: 'ES256' };
}

function configurationOf({ jwk, redirects }: Particulars): Configuration {
  const client = {
    token_endpoint_auth_method: 'none' as const,
    id_token_signed_response_alg: 'ES256' as const,
  };
  return {
    jwks: { keys: [jwk] },
    clients: [
      {
        ...client,
        client_id: CLIENTS.console,
        redirect_uris: [...redirects],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
        application_type: 'web',
      },
      {
        ...client,
        client_id: CLIENTS.cli,
        redirect_uris: [],
        response_types: [],
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        application_type: 'native',
      },
    ],
    clientBasedCORS: () => true,
    cookies: { keys: ['for tests only'] },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id }) }),
    extraTokenClaims: (_, token) =>
      'accountId' in token && token.accountId === 'ada'
        ? { name: 'Ada', groups: ['ops'] }
        : { name: 'somebody' },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'openid profile email offline_access',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  };
}
