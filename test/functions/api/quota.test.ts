/** A tenant has no more of a kind than it may, whoever makes it, and does not raise that itself. */
import { beforeEach, expect, test } from 'vitest';
import { type Bench, createBench, putKey } from './bench.ts';
import { enrol, make, SITE, tokenFor, withSite } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

async function limit(counts: object): Promise<void> {
  const { json } = await bench.call('GET', '/v1/tenants/acme');
  const reply = await bench.call('PUT', '/v1/tenants/acme', {
    headers: { 'if-match': `"${json.metadata.generation}"` },
    body: { spec: { ...json.spec, quota: { counts } } },
  });
  expect(reply.status, reply.text).toBe(200);
}

test('one site more than the quota is refused, and one that is deleted makes room', async () => {
  await limit({ site: 2 });
  await make(bench, ['/v1/tenants/acme/sites', 'paris'], SITE);
  const body = { metadata: { name: 'lima' }, spec: SITE };
  const refused = await bench.call('POST', '/v1/tenants/acme/sites', { body });
  expect(refused).toMatchObject({ status: 409, json: { code: 'quota_exceeded' } });
  expect(refused.json.detail).toContain('may have 2');
  await bench.call('DELETE', '/v1/tenants/acme/sites/paris', { headers: { 'if-match': '"1"' } });
  expect((await bench.call('POST', '/v1/tenants/acme/sites', { body })).status).toBe(201);
});

test('the same request again is answered as it was, though there may be no more', async () => {
  await limit({ site: 2 });
  const again = () =>
    bench.call('POST', '/v1/tenants/acme/sites', {
      body: { metadata: { name: 'paris' }, spec: SITE },
      headers: { 'idempotency-key': 'one' },
    });
  expect((await again()).status).toBe(201);
  expect((await again()).status).toBe(201);
});

test('an edge that would be one too many is refused, and its token is not spent', async () => {
  const token = await tokenFor(bench);
  await limit({ edge: 0 });
  await expect(enrol(bench, token)).rejects.toThrow('quota_exceeded');
  await limit({ edge: 1 });
  await expect(enrol(bench, token)).resolves.toMatchObject({ id: expect.any(String) });
});

test("the tenant's own admin changes the tenant, and not its quota", async () => {
  await limit({ key: 7 });
  const key = await putKey(bench.store, 'acme', 'admin');
  const { json } = await bench.call('GET', '/v1/tenants/acme', { key });
  const put = (spec: object) =>
    bench.call('PUT', '/v1/tenants/acme', {
      key,
      headers: { 'if-match': `"${json.metadata.generation}"` },
      body: { spec },
    });
  const raised = await put({ ...json.spec, quota: { counts: { key: 70 } } });
  expect(raised).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  expect((await put({ ...json.spec, quota: {} })).status).toBe(403);
  expect((await put({ ...json.spec, isolation: 'isolated' })).status).toBe(200);
});
