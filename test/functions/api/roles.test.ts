/** Roles that a tenant or the deployment makes itself: what they give through the API, and that nobody gives more than he has. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, createBench, type Reply } from './bench.ts';
import { edit, make, remove, SITE, withSite } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants/acme/sites', 'paris'], SITE);
  await make(bench, ['/v1/tenants', 'other']);
});

/** A key of the tenant with a role of these rules. */
async function keyWith(name: string, rules: readonly object[], tenant = 'acme'): Promise<string> {
  await make(bench, [`/v1/tenants/${tenant}/roles`, name], { rules });
  return keyOf(name, tenant);
}

async function keyOf(role: string, tenant = 'acme'): Promise<string> {
  const created = await make(bench, [`/v1/tenants/${tenant}/keys`, `k-${role}`], { role });
  return created.json.secret;
}

const post = (path: string, key: string, name: string, spec: object): Promise<Reply> =>
  bench.call('POST', path, { key, body: { metadata: { name }, spec } });
const canI = async (key: string, question: object): Promise<Reply> =>
  bench.call('POST', '/v1/can-i', { key, body: question });

const POLICY = { from: { site: 'berlin' }, to: { site: 'paris' } };
const SERVICE = { address: '10.1.0.4', port: 80 };

describe('a role of its own', () => {
  test('gives what its rules say, and nothing else', async () => {
    const key = await keyWith('netops', [{ kinds: ['policy'], verbs: ['read', 'write'] }]);
    expect((await bench.call('GET', '/v1/tenants/acme/policies', { key })).status).toBe(200);
    expect((await post('/v1/tenants/acme/policies', key, 'p', POLICY)).status).toBe(201);
    for (const path of ['sites', 'apps', 'keys', 'roles', 'events'])
      expect((await bench.call('GET', `/v1/tenants/acme/${path}`, { key })).json.code, path).toBe(
        'forbidden',
      );
    expect((await bench.call('GET', '/v1/tenants/other/policies', { key })).json.code).toBe('not_found');
    expect((await bench.call('GET', '/v1/hubs', { key })).json.code).toBe('forbidden');
  });

  test('of one site shows and changes what stands there', async () => {
    const key = await keyWith('berliner', [
      { kinds: ['site', 'service', 'token'], verbs: ['*'], sites: ['berlin'] },
    ]);
    const { json } = await bench.call('GET', '/v1/tenants/acme/sites', { key });
    expect(json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      'berlin',
    ]);
    expect((await post('/v1/tenants/acme/sites/berlin/services', key, 'web', SERVICE)).status).toBe(201);
    expect((await post('/v1/tenants/acme/sites/paris/services', key, 'web', SERVICE)).json.code).toBe(
      'forbidden',
    );
    expect((await bench.call('GET', '/v1/tenants/acme/sites/paris', { key })).json.code).toBe('forbidden');
    const token = (site: string) =>
      bench.call('POST', '/v1/tenants/acme/tokens', { key, body: { spec: { site, approve: true } } });
    expect((await token('berlin')).status).toBe(201);
    expect((await token('paris')).json.code).toBe('forbidden');
  });

  test('of some names holds for what is created too', async () => {
    const key = await keyWith('shopkeeper', [{ kinds: ['policy'], verbs: ['*'], names: ['shop-*'] }]);
    expect((await post('/v1/tenants/acme/policies', key, 'shop-web', POLICY)).status).toBe(201);
    expect((await post('/v1/tenants/acme/policies', key, 'mail', POLICY)).json.code).toBe('forbidden');
    await make(bench, ['/v1/tenants/acme/policies', 'bank'], POLICY);
    const { json } = await bench.call('GET', '/v1/tenants/acme/policies', { key });
    expect(json.items).toHaveLength(1);
    expect((await bench.call('GET', '/v1/tenants/acme/policies/bank', { key })).json.code).toBe('forbidden');
  });

  test('of the deployment is there for every tenant, and can not be given another meaning', async () => {
    await make(bench, ['/v1/roles', 'auditor'], { rules: [{ kinds: ['event'], verbs: ['read'] }] });
    const key = await keyOf('auditor', 'other');
    expect((await bench.call('GET', '/v1/tenants/other/events', { key })).status).toBe(200);
    expect((await bench.call('GET', '/v1/tenants/acme/events', { key })).json.code).toBe('not_found');
    const body = { metadata: { name: 'auditor' }, spec: { rules: [{ kinds: ['*'], verbs: ['*'] }] } };
    expect((await bench.call('POST', '/v1/tenants/other/roles', { body })).json.code).toBe('invalid');
  });

  test('that changes changes what its keys may at once, and is kept while one has it', async () => {
    const key = await keyWith('netops', [{ kinds: ['policy'], verbs: ['read'] }]);
    await edit(bench, '/v1/tenants/acme/roles/netops', { rules: [{ kinds: ['site'], verbs: ['read'] }] });
    expect((await bench.call('GET', '/v1/tenants/acme/policies', { key })).json.code).toBe('forbidden');
    expect((await bench.call('GET', '/v1/tenants/acme/sites', { key })).status).toBe(200);
    expect((await remove(bench, '/v1/tenants/acme/roles/netops')).json.code).toBe('in_use');
  });

  test('has no name of a built-in one, and a key has no role that there is not', async () => {
    const rules = [{ kinds: ['site'], verbs: ['read'] }];
    const role = { metadata: { name: 'admin' }, spec: { rules } };
    expect((await bench.call('POST', '/v1/tenants/acme/roles', { body: role })).json.errors[0].pointer).toBe(
      '/metadata/name',
    );
    const key = { metadata: { name: 'k' }, spec: { role: 'nobody' } };
    expect((await bench.call('POST', '/v1/tenants/acme/keys', { body: key })).json.errors[0].pointer).toBe(
      '/spec/role',
    );
  });
});

describe('nobody gives what he has not', () => {
  const STAFF = [
    { kinds: ['key', 'role', 'binding'], verbs: ['*'] },
    { kinds: ['site'], verbs: ['read'] },
  ];
  const who = { kind: 'person', issuer: 'https://login.example.com', subject: 'u-1' };

  test('by a key, a role or a binding', async () => {
    const key = await keyWith('staff', STAFF);
    const at = (path: string, name: string, spec: object) =>
      post(`/v1/tenants/acme/${path}`, key, name, spec);
    expect((await at('keys', 'a', { role: 'viewer' })).json.code).toBe('forbidden');
    expect((await at('keys', 'b', { role: 'staff' })).status).toBe(201);
    expect((await at('roles', 'c', { rules: [{ kinds: ['site'], verbs: ['write'] }] })).json.code).toBe(
      'forbidden',
    );
    expect((await at('roles', 'd', { rules: [{ kinds: ['site'], verbs: ['read'] }] })).status).toBe(201);
    expect((await at('bindings', 'e', { who, role: 'admin' })).json.code).toBe('forbidden');
    expect((await at('bindings', 'f', { who, role: 'd' })).status).toBe(201);
  });

  test('by changing a role that he has', async () => {
    const key = await keyWith('staff', STAFF);
    const read = await bench.call('GET', '/v1/tenants/acme/roles/staff', { key });
    const changed = await bench.call('PUT', '/v1/tenants/acme/roles/staff', {
      key,
      body: { spec: { rules: [{ kinds: ['*'], verbs: ['*'] }] } },
      headers: { 'if-match': read.headers.get('etag') ?? '' },
    });
    expect(changed.json.code).toBe('forbidden');
  });

  test('at the deployment from within a tenant', async () => {
    const key = await keyOf('admin');
    expect((await post('/v1/keys', key, 'a', { role: 'viewer' })).json.code).toBe('forbidden');
    expect((await post('/v1/bindings', key, 'a', { who, role: 'viewer' })).json.code).toBe('forbidden');
    expect((await post('/v1/tenants/acme/bindings', key, 'a', { who, role: 'admin' })).status).toBe(201);
  });
});

describe('can-i', () => {
  test('says yes or no as the API does, and why', async () => {
    const key = await keyWith('netops', [{ kinds: ['policy'], verbs: ['read'] }]);
    const yes = await canI(key, { verb: 'read', kind: 'policy', tenant: 'acme' });
    expect(yes.json).toEqual({ allowed: true, reason: 'The role netops in the tenant acme gives it.' });
    const no = await canI(key, { verb: 'write', kind: 'policy', tenant: 'acme', name: 'p' });
    expect(no.json).toEqual({
      allowed: false,
      reason: 'No role of this caller gives the right to write policy p; there is: netops.',
    });
    expect((await canI(key, { verb: 'read', kind: 'policy', tenant: 'other' })).json.allowed).toBe(false);
    expect((await canI(key, { verb: 'read', kind: 'deployment' })).json.allowed).toBe(true);
  });
});

describe('a tenant', () => {
  test('stays while it has a role or a binding, so that a successor inherits none', async () => {
    await make(bench, ['/v1/tenants/other/roles', 'r'], { rules: [{ kinds: ['site'], verbs: ['read'] }] });
    expect((await remove(bench, '/v1/tenants/other')).json.code).toBe('in_use');
  });
});
