/** Sign-in against a real provider: authorization code with PKCE as the console does it, the device flow as the command line does, and what the API makes of the tokens. */
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { trustIssuers } from '../../../functions/oidc/token-check.ts';
import { browse } from '../../fakes/browser.ts';
import {
  type IdentityProvider,
  OTHER_RESOURCE,
  REDIRECT,
  RESOURCE,
  startIdentityProvider,
} from '../../fakes/identity-provider.ts';
import { type Bench, createBench } from '../api/bench.ts';
import { make, remove, withSite } from '../api/estates.ts';

let provider: IdentityProvider;
let bench: Bench;
let nowMs = Date.now();

beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(() => provider.close());
beforeEach(async () => {
  nowMs = Date.now();
  bench = await createBench(trustIssuers([provider.trusted], () => nowMs));
  await withSite(bench);
});

const discover = (id: string) =>
  client.discovery(new URL(provider.issuer), id, undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  });

/** As the console: a code, bound to a verifier that never leaves the page. */
async function signIn(login: string, resource = RESOURCE) {
  const config = await discover('console');
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: 'openid profile',
    resource,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const back = await browse(start.href, { login }, REDIRECT);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  return client.authorizationCodeGrant(config, new URL(back), checks, { resource });
}

const bind = (who: object, spec: object = { role: 'operator' }) =>
  make(bench, ['/v1/tenants/acme/bindings', 'staff'], { who, ...spec });
const ofOps = () => ({ kind: 'group', issuer: provider.issuer, group: 'ops' });

describe('a person who signs in with a code', () => {
  test('may do nothing until a binding names her, and then what its role gives', async () => {
    const { access_token: key } = await signIn('ada');
    expect((await bench.call('GET', '/v1/whoami', { key })).json).toEqual({
      kind: 'person',
      issuer: provider.issuer,
      subject: 'ada',
      name: 'Ada',
      tenant: '',
      role: '',
      grants: [],
    });
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).json.code).toBe('not_found');
    expect((await bench.call('GET', '/v1/deployment', { key })).json.code).toBe('forbidden');
    await bind(ofOps());
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).status).toBe(200);
    expect((await bench.call('GET', '/v1/tenants/acme/keys', { key })).status).toBe(200);
    const body = { metadata: { name: 'k' }, spec: { role: 'viewer' } };
    expect((await bench.call('POST', '/v1/tenants/acme/keys', { key, body })).json.code).toBe('forbidden');
    expect((await bench.call('GET', '/v1/deployment', { key })).status).toBe(200);
    expect((await bench.call('GET', '/v1/whoami', { key })).json.grants).toEqual([
      { tenant: 'acme', role: 'operator' },
    ]);
  });

  test('is shut out as soon as the binding is gone', async () => {
    const { access_token: key } = await signIn('ada');
    await bind({ kind: 'person', issuer: provider.issuer, subject: 'ada' });
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).status).toBe(200);
    await remove(bench, '/v1/tenants/acme/bindings/staff');
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).json.code).toBe('not_found');
  });

  test('is not somebody else, and not in a group that her token does not name', async () => {
    const { access_token: key } = await signIn('bob');
    await bind(ofOps());
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).json.code).toBe('not_found');
  });

  test('has a binding of some sites there alone', async () => {
    const { access_token: key } = await signIn('ada');
    await bind(ofOps(), { role: 'operator', sites: ['paris'] });
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).json.items).toEqual([]);
    expect((await bench.call('GET', '/v1/tenants/acme/sites/berlin', { key })).json.code).toBe('forbidden');
  });
});

describe('a command line that signs in by a device code', () => {
  test('gets a token once the person has agreed in a browser', async () => {
    const config = await discover('cli');
    const begun = await client.initiateDeviceAuthorization(config, {
      scope: 'openid profile offline_access',
      resource: RESOURCE,
    });
    await browse(begun.verification_uri_complete ?? '', { login: 'ada' });
    const tokens = await client.pollDeviceAuthorizationGrant(
      config,
      { ...begun, interval: 0.05 },
      { resource: RESOURCE },
    );
    await bind(ofOps());
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key: tokens.access_token })).status).toBe(
      200,
    );
    const again = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', { resource: RESOURCE });
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key: again.access_token })).status).toBe(200);
  });
});

describe('a token', () => {
  test('for another audience, an ID token, and one that expired are refused with the reason', async () => {
    const elsewhere = await signIn('ada', OTHER_RESOURCE);
    const detailOf = async (key = '') => (await bench.call('GET', '/v1/whoami', { key })).json.detail;
    expect(await detailOf(elsewhere.access_token)).toContain('another audience');
    const own = await signIn('ada');
    expect(await detailOf(own.id_token)).toContain('another audience');
    nowMs += 331_000;
    expect(await detailOf(own.access_token)).toContain('expired');
  });

  test('lasts half a minute over its end, for clocks that differ', async () => {
    const { access_token: key } = await signIn('ada');
    nowMs += 320_000;
    expect((await bench.call('GET', '/v1/whoami', { key })).status).toBe(200);
  });

  test('of new keys is taken without a restart, and strange keys make us ask once, not at every request', async () => {
    const before = await signIn('ada');
    expect((await bench.call('GET', '/v1/whoami', { key: before.access_token })).status).toBe(200);
    provider.rotate();
    const after = await signIn('ada');
    const reads = provider.keyReads();
    // Within the cooldown the keys are not read again, whoever asks.
    for (let asked = 0; asked < 5; asked += 1)
      expect((await bench.call('GET', '/v1/whoami', { key: after.access_token })).status).toBe(401);
    expect(provider.keyReads()).toBe(reads);
    const fresh = await createBench(trustIssuers([provider.trusted], () => nowMs));
    expect((await fresh.call('GET', '/v1/whoami', { key: after.access_token })).status).toBe(200);
    expect((await fresh.call('GET', '/v1/whoami', { key: before.access_token })).status).toBe(401);
  });
});

test('the API says where to sign in, and nothing of it without issuers', async () => {
  const { json } = await bench.call('GET', '/v1/sign-in', { key: null });
  expect(json.issuers).toEqual([
    {
      issuer: provider.issuer,
      clients: { console: 'console', cli: 'cli' },
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      resource: RESOURCE,
    },
  ]);
  const without = await createBench();
  expect((await without.call('GET', '/v1/sign-in', { key: null })).json).toEqual({ issuers: [] });
});
