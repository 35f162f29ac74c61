/** What holds for every kind: create, read, list, replace, delete, each on the version that was read. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, createBench } from './bench.ts';
import { make, withSite } from './estates.ts';

const CRUD = [
  { kind: 'tenant', path: '/v1/tenants', spec: { description: 'one' }, other: { isolation: 'isolated' } },
  {
    kind: 'site',
    path: '/v1/tenants/acme/sites',
    spec: { allotment: ['10.0.0.0/8'], prefixes: ['10.9.0.0/24'] },
    other: { allotment: ['10.0.0.0/8'], prefixes: ['10.9.1.0/24'], lan: 'masquerade' },
  },
  {
    kind: 'service',
    path: '/v1/tenants/acme/sites/berlin/services',
    spec: { address: '10.1.0.5', port: 80 },
    other: { address: '10.1.0.6', port: 443 },
  },
  {
    kind: 'route',
    path: '/v1/tenants/acme/routes',
    spec: { host: 'shop.example.com', service: { site: 'berlin', name: 'web' } },
    other: { host: 'www.example.com', path: '/shop', service: { site: 'berlin', name: 'web' } },
  },
  {
    kind: 'policy',
    path: '/v1/tenants/acme/policies',
    spec: { from: { site: 'berlin' }, to: { site: 'paris' } },
    other: { from: { site: 'paris' }, to: { site: 'berlin', service: 'web' } },
  },
  {
    kind: 'hub',
    path: '/v1/hubs',
    spec: { endpoint: '198.51.100.10:51820' },
    other: { endpoint: '198.51.100.11:51820' },
  },
];

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  await make(bench, ['/v1/tenants/acme/sites/berlin/services', 'web'], { address: '10.1.0.4', port: 80 });
});

describe.each(CRUD)('a $kind', ({ path, spec, other }) => {
  const body = { metadata: { name: 'thing' }, spec };
  const at = `${path}/thing`;

  test('is created, read, listed, replaced and deleted', async () => {
    const created = await bench.call('POST', path, { body });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ metadata: { name: 'thing', version: 1, generation: 1 }, spec });
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.headers.get('location')).toBe(at);

    const read = await bench.call('GET', at);
    expect([read.status, read.text, read.headers.get('etag')]).toEqual([200, created.text, '"1"']);
    const list = await bench.call('GET', path);
    expect(list.json.items).toContainEqual(created.json);

    const replaced = await bench.call('PUT', at, { body: { spec: other }, headers: { 'if-match': '"1"' } });
    expect(replaced.status, replaced.text).toBe(200);
    expect(replaced.json).toMatchObject({ metadata: { version: 2, generation: 2 }, spec: other });
    expect((await bench.call('GET', at)).text).toBe(replaced.text);

    const deleted = await bench.call('DELETE', at, { headers: { 'if-match': '"2"' } });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await bench.call('GET', at)).json.code).toBe('not_found');
    const names = (await bench.call('GET', path)).json.items.map(
      (item: typeof created.json) => item.metadata.name,
    );
    expect(names).not.toContain('thing');
  });

  test('is not created twice, and not while its predecessor is being deleted', async () => {
    await bench.call('POST', path, { body });
    expect((await bench.call('POST', path, { body })).json.code).toBe('already_exists');
    await bench.call('DELETE', at, { headers: { 'if-match': '"1"' } });
    const before = bench.snapshot();
    const again = await bench.call('POST', path, { body });
    expect(again.json).toMatchObject({
      code: 'already_exists',
      detail: expect.stringContaining('being deleted'),
    });
    expect(bench.snapshot()).toBe(before);
  });

  test.each([
    ['PUT', undefined, 'precondition_required'],
    ['PUT', '"7"', 'stale'],
    ['PUT', 'W/"1"', 'stale'],
    ['PUT', '*', 'stale'],
    ['DELETE', undefined, 'precondition_required'],
    ['DELETE', '"7"', 'stale'],
  ])('is not changed by %s with If-Match %s', async (method, ifMatch, code) => {
    await bench.call('POST', path, { body });
    const before = bench.snapshot();
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    const reply = await bench.call(method, at, {
      headers,
      ...(method === 'PUT' ? { body: { spec: other } } : {}),
    });
    expect(reply.json.code).toBe(code);
    expect(bench.snapshot()).toBe(before);
  });

  test('has the owner that it was created with, keeps it when its spec alone is replaced, and gives it up', async () => {
    const owned = { metadata: { name: 'thing', owner: 'shop' }, spec };
    const created = await bench.call('POST', path, { body: owned });
    expect(created.json.metadata).toMatchObject({ owner: 'shop', generation: 1 });
    const put = (version: number, wanted: object) =>
      bench.call('PUT', at, { body: wanted, headers: { 'if-match': `"${version}"` } });
    expect((await put(1, { spec: other })).json.metadata).toMatchObject({ owner: 'shop', generation: 2 });
    const [listed] = (await bench.call('GET', path)).json.items.filter(
      (item: typeof created.json) => item.metadata.name === 'thing',
    );
    expect(listed.metadata.owner).toBe('shop');
    const freed = await put(2, { metadata: { owner: null }, spec: other });
    expect(freed.json.metadata).toMatchObject({ generation: 3 });
    expect(freed.json.metadata).not.toHaveProperty('owner');
  });

  test('goes to another owner only if that is said, and an older reading of it is stale then', async () => {
    await bench.call('POST', path, { body });
    const put = (version: number, metadata: object) =>
      bench.call('PUT', at, { body: { metadata, spec }, headers: { 'if-match': `"${version}"` } });
    expect((await put(1, { owner: 'shop' })).json.metadata).toMatchObject({ owner: 'shop', generation: 2 });
    expect((await put(1, { owner: 'base' })).json.code).toBe('stale');
    const before = bench.snapshot();
    const refused = await put(2, { owner: 'base' });
    expect([refused.status, refused.json.code]).toEqual([409, 'owned']);
    expect(refused.json.detail).toContain('of shop');
    expect(bench.snapshot()).toBe(before);
    const taken = await put(2, { owner: 'base', takeOwnership: true });
    expect(taken.json.metadata).toMatchObject({ owner: 'base', generation: 3 });
    const late = await bench.call('DELETE', at, { headers: { 'if-match': '"2"' } });
    expect(late.json.code).toBe('stale');
  });

  test('keeps its version when it is replaced by the same', async () => {
    const created = await bench.call('POST', path, { body });
    const same = { spec: created.json.spec };
    const reply = await bench.call('PUT', at, { body: same, headers: { 'if-match': '"1"' } });
    expect(reply.json.metadata).toMatchObject({ version: 1, generation: 1 });
  });

  test('writes an audit entry with each change, in the item itself', async () => {
    const created = await bench.call('POST', path, { body });
    const id = created.headers.get('isthmus-request-id');
    await bench.call('PUT', at, { body: { spec: other }, headers: { 'if-match': '"1"' } });
    const entries = bench.snapshot();
    expect(entries).toContain(`${id}-`);
    expect(entries).toContain('key:root');
    expect(entries).toContain('Replaced the spec of');
  });

  test('gets the same answer again under the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await bench.call('POST', path, { body, headers });
    const before = bench.snapshot();
    const second = await bench.call('POST', path, { body, headers });
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    const other409 = await bench.call('POST', path, { body: { ...body, spec: other }, headers });
    expect(other409.json.code).toBe('idempotency_conflict');
    const otherKey = await bench.call('POST', path, { body, headers: { 'idempotency-key': 'k-2' } });
    expect(otherKey.json.code).toBe('already_exists');
    expect(bench.snapshot()).toBe(before);
  });
});

describe('a list', () => {
  test('comes in pages that together hold everything once', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await make(bench, ['/v1/tenants', name]);
    const names: string[] = [];
    let next: string | undefined;
    do {
      const query = next === undefined ? '' : `&page=${next}`;
      const page = await bench.call('GET', `/v1/tenants?limit=2${query}`);
      expect(page.json.items.length).toBeLessThanOrEqual(2);
      names.push(...page.json.items.map((item: { metadata: { name: string } }) => item.metadata.name));
      next = page.json.next;
    } while (next !== undefined);
    expect(names).toEqual(['a', 'acme', 'b', 'c', 'd']);
  });

  test('refuses the page token of another list', async () => {
    await make(bench, ['/v1/tenants', 'other']);
    const { json } = await bench.call('GET', '/v1/tenants?limit=1');
    const reply = await bench.call('GET', `/v1/hubs?page=${json.next}`);
    expect(reply.json).toMatchObject({ code: 'invalid', errors: [{ pointer: '?page' }] });
  });

  test('of something that does not exist is not found', async () => {
    expect((await bench.call('GET', '/v1/tenants/nobody/sites')).json.code).toBe('not_found');
    expect((await bench.call('GET', '/v1/tenants/acme/sites/nowhere/services')).json.code).toBe('not_found');
    expect((await bench.call('GET', '/v1/hubs/none/tokens')).json.code).toBe('not_found');
  });
});
