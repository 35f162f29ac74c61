/** Bad input: each is refused with a code, a pointer and a sentence, and nothing of it is stored. */
import { beforeEach, describe, expect, test } from 'vitest';
import { BODY_BYTES_MAX } from '../../../functions/api/body.ts';
import { Problem } from '../../../protocol/problem.ts';
import { ADMIN, type Bench, createBench, putKey, readReply } from './bench.ts';
import { make, SITE, withSite } from './estates.ts';

const SITES = '/v1/tenants/acme/sites';
const SERVICES = `${SITES}/berlin/services`;
const TOKENS = '/v1/tenants/acme/tokens';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

const site = (spec: object) => ({ metadata: { name: 'paris' }, spec: { ...SITE, ...spec } });

const FIELDS: [what: string, path: string, body: unknown, code: string, pointer: string][] = [
  ['an unknown field', SITES, site({ colour: 'red' }), 'invalid', '/spec/colour'],
  ['an unknown field at the top', SITES, { ...site({}), status: {} }, 'invalid', '/status'],
  ['a field with a slash and a tilde', SITES, site({ 'a/b~c': 1 }), 'invalid', '/spec/a~1b~0c'],
  ['a missing field', SITES, { metadata: { name: 'paris' }, spec: {} }, 'invalid', '/spec/allotment'],
  ['a missing name', SITES, { metadata: {}, spec: SITE }, 'invalid', '/metadata/name'],
  ['a name in capitals', SITES, { metadata: { name: 'Paris' }, spec: SITE }, 'invalid', '/metadata/name'],
  ['a number for a text', SITES, site({ lan: 7 }), 'invalid', '/spec/lan'],
  ['a body that is a list', SITES, [], 'invalid', ''],
  ['leading zeros', SITES, site({ prefixes: ['10.01.0.0/24'] }), 'invalid', '/spec/prefixes/0'],
  ['host bits', SITES, site({ prefixes: ['10.1.0.1/24'] }), 'invalid', '/spec/prefixes/0'],
  ['a length of 33', SITES, site({ prefixes: ['10.1.0.0/33'] }), 'invalid', '/spec/prefixes/0'],
  ['no prefix at all', SITES, site({ prefixes: ['ten'] }), 'invalid', '/spec/prefixes/0'],
  [
    'a prefix outside',
    SITES,
    site({ prefixes: ['11.0.0.0/24'] }),
    'prefix_outside_allotment',
    '/spec/prefixes/0',
  ],
  [
    'an overlap',
    SITES,
    site({ prefixes: ['10.1.0.0/24', '10.1.0.0/25'] }),
    'prefix_overlaps',
    '/spec/prefixes/1',
  ],
  ['a /15', SITES, site({ prefixes: ['10.2.0.0/15'] }), 'prefix_too_wide', '/spec/prefixes/0'],
  [
    'loopback',
    SITES,
    site({ allotment: ['127.0.0.0/8'], prefixes: [] }),
    'prefix_reserved',
    '/spec/allotment/0',
  ],
  [
    'a pool',
    SITES,
    site({ allotment: ['100.64.0.0/16'], prefixes: [] }),
    'prefix_reserved',
    '/spec/allotment/0',
  ],
  ['a native collision', SITES, site({ native: ['berlin'] }), 'native_collision', '/spec/native/0'],
  [
    'an address elsewhere',
    SERVICES,
    { metadata: { name: 'db' }, spec: { address: '10.2.0.1', port: 1 } },
    'address_outside_site',
    '/spec/address',
  ],
  [
    'port 0',
    SERVICES,
    { metadata: { name: 'db' }, spec: { address: '10.1.0.1', port: 0 } },
    'invalid',
    '/spec/port',
  ],
  [
    'a route to nothing',
    '/v1/tenants/acme/routes',
    { metadata: { name: 'r' }, spec: { host: 'a.example', service: { site: 'berlin', name: 'none' } } },
    'invalid',
    '/spec/service',
  ],
  [
    'a route path with ..',
    '/v1/tenants/acme/routes',
    {
      metadata: { name: 'r' },
      spec: { host: 'a.example', path: '/..', service: { site: 'berlin', name: 'web' } },
    },
    'invalid',
    '/spec/path',
  ],
  ['a token for no site', TOKENS, { spec: { site: 'nowhere' } }, 'invalid', '/spec/site'],
  [
    'a token for a prefix outside',
    TOKENS,
    { spec: { site: 'berlin', prefixes: ['11.0.0.0/24'] } },
    'prefix_outside_allotment',
    '/spec/prefixes/0',
  ],
  ['a token for two hours', TOKENS, { spec: { site: 'berlin', minutes: 120 } }, 'invalid', '/spec/minutes'],
  [
    'a role of its own',
    '/v1/keys',
    { metadata: { name: 'k' }, spec: { role: 'god' } },
    'invalid',
    '/spec/role',
  ],
  [
    'an endpoint without a port',
    '/v1/hubs',
    { metadata: { name: 'h' }, spec: { endpoint: '1.2.3.4' } },
    'invalid',
    '/spec/endpoint',
  ],
];

describe('a wrong field', () => {
  test.each(FIELDS)('%s is pointed at, and nothing is stored', async (_, path, body, code, pointer) => {
    const before = bench.snapshot();
    const reply = await bench.call('POST', path, { body });
    const problem = Problem.parse(reply.json);
    expect(problem.code, reply.text).toBe(code);
    expect(reply.status).toBe(problem.status);
    expect(problem.errors?.map((fault) => fault.pointer)).toContain(pointer);
    for (const { detail } of problem.errors ?? []) expect(detail).toMatch(/^\S.{10,}\.$/);
    expect(problem.detail.length).toBeGreaterThan(10);
    expect(bench.snapshot()).toBe(before);
  });

  test('every wrong field is named, not only the first', async () => {
    const reply = await bench.call('POST', SITES, { body: site({ lan: 'x', kind: 'y', z: 1 }) });
    const pointers = Problem.parse(reply.json).errors?.map(({ pointer }) => pointer);
    expect(pointers?.sort()).toEqual(['/spec/kind', '/spec/lan', '/spec/z']);
  });
});

describe('a wrong parameter', () => {
  test.each([
    ['limit=0', '?limit'],
    ['limit=501', '?limit'],
    ['limit=ten', '?limit'],
    ['limit=1.5', '?limit'],
    ['page=nonsense', '?page'],
    ['page=', '?page'],
    [`page=${Buffer.from('["/v1/tenants","x"]').toString('base64url')}`, '?page'],
    ['colour=red', '?colour'],
  ])('%s is pointed at', async (query, pointer) => {
    const reply = await bench.call('GET', `/v1/tenants?${query}`);
    expect(reply.json).toMatchObject({ code: 'invalid', status: 422, errors: [{ pointer }] });
  });

  test('an Idempotency-Key with a space is refused', async () => {
    const headers = { 'idempotency-key': 'a b' };
    const reply = await bench.call('POST', '/v1/tenants', {
      body: { metadata: { name: 'x' }, spec: {} },
      headers,
    });
    expect(reply.json.code).toBe('invalid');
  });
});

describe('a body', () => {
  const TENANT = JSON.stringify({ metadata: { name: 'big' }, spec: {} });

  test.each([
    ['not JSON', '{"metadata":', 'application/json', 'malformed', 400],
    ['empty', '', 'application/json', 'malformed', 400],
    ['of another type', TENANT, 'text/plain', 'unsupported_media_type', 415],
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 'unsupported_media_type', 415],
    ['in another charset', TENANT, 'application/json; charset=utf-16', 'unsupported_media_type', 415],
    ['a megabyte too large', TENANT.padEnd(BODY_BYTES_MAX + 1), 'application/json', 'too_large', 413],
    ['deeply nested', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'application/json', 'malformed', 400],
  ])('that is %s is refused', async (_, body, type, code, status) => {
    const before = bench.snapshot();
    const reply = await bench.call('POST', '/v1/tenants', { body, headers: { 'content-type': type } });
    expect([reply.json.code, reply.status]).toEqual([code, status]);
    expect(bench.snapshot()).toBe(before);
    expect(bench.failures).toEqual([]);
  });

  test('of exactly the limit is taken', async () => {
    const reply = await bench.call('POST', '/v1/tenants', { body: TENANT.padEnd(BODY_BYTES_MAX) });
    expect(reply.status).toBe(201);
  });

  test('without a Content-Length is read no further than the limit', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
    const request = new Request('https://isthmus/v1/tenants', {
      method: 'POST',
      headers,
      body: endless,
      duplex: 'half',
    });
    const reply = await readReply(await bench.api.request(request));
    expect(reply.json.code).toBe('too_large');
    expect(sent).toBeLessThan(2 * BODY_BYTES_MAX);
  });

  test('that lies about its length is refused by what it says', async () => {
    const headers = { 'content-length': String(BODY_BYTES_MAX + 1) };
    expect((await bench.call('POST', '/v1/tenants', { body: TENANT, headers })).json.code).toBe('too_large');
  });
});

describe('what others depend on', () => {
  test('a tenant with a site, a site with a service: in use', async () => {
    await make(bench, [SERVICES, 'web'], { address: '10.1.0.4', port: 80 });
    const before = bench.snapshot();
    const headers = { 'if-match': '"1"' };
    expect((await bench.call('DELETE', `${SITES}/berlin`, { headers })).json).toMatchObject({
      code: 'in_use',
    });
    expect((await bench.call('DELETE', '/v1/tenants/acme', { headers })).json).toMatchObject({
      code: 'in_use',
    });
    expect(bench.snapshot()).toBe(before);
  });

  test('a tenant with a key: in use, so that a successor does not inherit it', async () => {
    await make(bench, ['/v1/tenants', 'other']);
    await putKey(bench.store, 'other', 'admin');
    const reply = await bench.call('DELETE', '/v1/tenants/other', { headers: { 'if-match': '"1"' } });
    expect(reply.json).toMatchObject({ code: 'in_use', detail: expect.stringContaining('key') });
  });

  test('a host of another tenant is taken; it is free again once its route has another', async () => {
    await make(bench, [SERVICES, 'web'], { address: '10.1.0.4', port: 80 });
    const service = { site: 'berlin', name: 'web' };
    await make(bench, ['/v1/tenants/acme/routes', 'shop'], { host: 'shop.example.com', service });
    await make(bench, ['/v1/tenants', 'other']);
    await make(bench, ['/v1/tenants/other/sites', 'berlin'], SITE);
    await make(bench, ['/v1/tenants/other/sites/berlin/services', 'web'], { address: '10.1.0.4', port: 80 });
    const body = { metadata: { name: 'shop' }, spec: { host: 'shop.example.com', service } };
    const refused = await bench.call('POST', '/v1/tenants/other/routes', { body });
    expect(refused.json).toMatchObject({ code: 'host_taken', errors: [{ pointer: '/spec/host' }] });
    const moved = { spec: { host: 'www.example.com', service } };
    await bench.call('PUT', '/v1/tenants/acme/routes/shop', { body: moved, headers: { 'if-match': '"1"' } });
    expect((await bench.call('POST', '/v1/tenants/other/routes', { body })).status).toBe(201);
  });
});
