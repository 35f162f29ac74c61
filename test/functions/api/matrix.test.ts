/**
 * Scenario 13 as a matrix: every operation of users in the OpenAPI document against every kind of credential, keys and access tokens alike. Just
 * enough is let in and one role less is not, so a guard that is too wide or too narrow fails here, and so does an operation that nobody put a role to.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trustIssuers } from '../../../functions/oidc/token-check.ts';
import { ROLES, type Role } from '../../../protocol/key.ts';
import { TrustedIssuers } from '../../../protocol/sign-in.ts';
import { type Bench, createBench, putKey, type Reply } from './bench.ts';
import { make, SITE, withHub, withSite } from './estates.ts';
import { type Described, operationsOf } from './operations.ts';

const AUDIENCE = 'https://api.isthmus.test';
const NOW_MS = Date.parse('2026-01-31T12:00:00.000Z');

let bench: Bench;
let operations: Described[];
let jwks: Server;
let issuer: string;
let trusted: CryptoKey;
let stranger: CryptoKey;
let keys: Record<'acme' | 'other' | '*', Record<Role, string>>;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  trusted = pair.privateKey;
  stranger = (await generateKeyPair('ES256')).privateKey;
  const published = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] };
  jwks = createServer((_, response) => response.end(JSON.stringify(published)));
  jwks.listen(0, '127.0.0.1');
  await once(jwks, 'listening');
  issuer = `http://127.0.0.1:${String(Object(jwks.address()).port)}`;
  const issuers = TrustedIssuers.parse([
    { issuer, audiences: [AUDIENCE], keys: `${issuer}/keys`, algorithms: ['ES256'] },
  ]);
  bench = await createBench(trustIssuers(issuers, () => NOW_MS));
  await withSite(bench);
  await make(bench, ['/v1/tenants', 'other']);
  await make(bench, ['/v1/tenants/other/sites', 'berlin'], SITE);
  await withHub(bench);
  keys = { acme: await keysOf('acme'), other: await keysOf('other'), '*': await keysOf('*') };
  for (const role of ROLES) {
    await bindTo('/v1/tenants/acme', `acme-${role}`, role);
    await bindTo('/v1', `all-${role}`, role);
  }
  await bindTo('/v1/tenants/other', 'other-admin', 'admin');
  operations = operationsOf((await bench.call('GET', '/openapi.json')).json).filter(({ security }) =>
    security.some((scheme) => 'apiKey' in scheme),
  );
});
afterAll(async () => {
  jwks.closeAllConnections();
  jwks.close();
  await once(jwks, 'close');
});

async function keysOf(tenant: string): Promise<Record<Role, string>> {
  const [viewer = '', operator = '', admin = ''] = await Promise.all(
    ROLES.map((role) => putKey(bench.store, tenant, role)),
  );
  return { viewer, operator, admin };
}

const bindTo = (prefix: string, subject: string, role: Role) =>
  make(bench, [`${prefix}/bindings`, subject], { who: { kind: 'person', issuer, subject }, role });

interface Token {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
  readonly header?: { readonly alg: string; readonly kid?: string; readonly jku?: string };
}

/** A token that is good but for what is said. */
function tokenOf(
  sub: string,
  { claims, key = trusted, header = { alg: 'ES256', kid: 'one' } }: Token = {},
): Promise<string> {
  const now = NOW_MS / 1_000;
  return new SignJWT({ iss: issuer, aud: AUDIENCE, sub, iat: now - 10, exp: now + 300, ...claims })
    .setProtectedHeader(header)
    .sign(key);
}

/** What it takes at least. Operations of the deployment take the role there. */
const LEAST: readonly (readonly [RegExp, Role | 'anyone'])[] = [
  [/^(whoami|canI|getDeployment)$/, 'anyone'],
  [/^(create|replace|delete)(Deployment)?(Key|Role|Binding)$/, 'admin'],
  [/^(create|replace|delete)(Tenant|Cluster)$/, 'admin'],
  [/^createClusterCredential$/, 'viewer'],
  [/^(get|list|export|explain|preview)/, 'viewer'],
  [/^(create|replace|delete|promote|abort)/, 'operator'],
];

/** Deployment's alone although the path names a tenant. */
const OF_DEPLOYMENT = ['createTenant', 'deleteTenant'];

function leastOf({ id }: Described): Role | 'anyone' {
  const least = LEAST.find(([ids]) => ids.test(id))?.[1];
  if (least === undefined) throw new Error(`What does it take to call ${id}? Say it in this table.`);
  return least;
}

const isTenants = ({ id, path }: Described) => path.includes('{tenant}') && !OF_DEPLOYMENT.includes(id);

function pathOf({ path }: Described): string {
  const names: Record<string, string> = { tenant: 'acme', hub: 'one' };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'berlin');
}

/** Fit to be admitted, and to change nothing if it is: no body is right, and no version is this one. */
function attempt(operation: Described, key: string | null): Promise<Reply> {
  const body = operation.hasBody ? { body: {} } : {};
  return bench.call(operation.method.toUpperCase(), pathOf(operation), {
    key,
    headers: { 'if-match': '"999"' },
    ...body,
  });
}

async function expectAll(
  chosen: readonly Described[],
  credentialOf: (operation: Described) => string | null | Promise<string | null>,
  isRight: (reply: Reply, operation: Described) => boolean,
): Promise<void> {
  expect(chosen.length).toBeGreaterThan(2);
  const before = bench.snapshot();
  const wrong: string[] = [];
  for (const operation of chosen) {
    const reply = await attempt(operation, await credentialOf(operation));
    if (!isRight(reply, operation))
      wrong.push(`${operation.id}: ${reply.status} ${reply.text.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
  expect(bench.snapshot()).toBe(before);
}

const says = (code: string) => (reply: Reply) => reply.json?.code === code;
const isAdmitted = ({ status, json }: Reply) =>
  status !== 401 && status !== 403 && !String(json?.detail).includes('may see');

const BAD: readonly (readonly [string, () => Promise<string> | string | null])[] = [
  ['none', () => null],
  ['a malformed key', () => 'isk_nonsense'],
  ['a malformed token', () => 'a.b.c'],
  ['an expired token', () => tokenOf('all-admin', { claims: { exp: NOW_MS / 1_000 - 31 } })],
  ['a token that does not hold yet', () => tokenOf('all-admin', { claims: { nbf: NOW_MS / 1_000 + 31 } })],
  ['a token without an end', () => tokenOf('all-admin', { claims: { exp: undefined } })],
  ['a token for another audience', () => tokenOf('all-admin', { claims: { aud: 'https://elsewhere.test' } })],
  ['a token without an audience', () => tokenOf('all-admin', { claims: { aud: undefined } })],
  [
    'a token of another issuer',
    () => tokenOf('all-admin', { claims: { iss: 'https://login.elsewhere.test' } }),
  ],
  ["a token of the issuer's name by another key", () => tokenOf('all-admin', { key: stranger })],
  [
    'a token by a key that the issuer does not have',
    () => tokenOf('all-admin', { header: { alg: 'ES256', kid: 'two' } }),
  ],
  ['a token without a subject', () => tokenOf('all-admin', { claims: { sub: undefined } })],
  ['a token that is not signed', async () => unsigned(await tokenOf('all-admin'))],
];

/** The same claims under the algorithm `none`. */
function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  return `${header}.${token.split('.')[1] ?? ''}.AA`;
}

describe('scenario 13: who is nobody', () => {
  test.each(BAD)('is refused everywhere: %s', async (_, credential) => {
    await expectAll(operations, credential, says('unauthenticated'));
  });
});

describe.each<[string, (place: 'acme' | 'other' | '*', role: Role) => string | Promise<string>]>([
  ['a key', (place, role) => keys[place][role]],
  ['a person', (place, role) => tokenOf(`${place === '*' ? 'all' : place}-${role}`)],
])('%s', (_, credential) => {
  const placeOf = (operation: Described) => (isTenants(operation) ? 'acme' : '*');
  const roleOf = (operation: Described): Role => {
    const least = leastOf(operation);
    return least === 'anyone' ? 'viewer' : least;
  };

  test('with just enough is let in', async () => {
    await expectAll(operations, (one) => credential(placeOf(one), roleOf(one)), isAdmitted);
  });

  test('with one role less is forbidden', async () => {
    const beyond = operations.filter((one) => ['operator', 'admin'].includes(leastOf(one)));
    const less = (one: Described): Role => (leastOf(one) === 'admin' ? 'operator' : 'viewer');
    await expectAll(beyond, (one) => credential(placeOf(one), less(one)), says('forbidden'));
  });

  test('of another tenant finds nothing', async () => {
    await expectAll(operations.filter(isTenants), () => credential('other', 'admin'), says('not_found'));
  });

  test('of a tenant has no say in the deployment', async () => {
    const beyond = operations.filter((one) => !isTenants(one) && leastOf(one) !== 'anyone');
    await expectAll(beyond, () => credential('acme', 'admin'), says('forbidden'));
  });
});
