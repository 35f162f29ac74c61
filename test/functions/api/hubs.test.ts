/** What a hub may stand in, and how a change is asked for. */
import { beforeEach, expect, test } from 'vitest';
import { type Bench, createBench } from './bench.ts';
import { make } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await make(bench, ['/v1/tenants', 'acme']);
  await make(bench, ['/v1/tenants/acme/sites', 'berlin'], { allotment: ['10.0.0.0/8'] });
  await make(bench, ['/v1/tenants/acme/sites', 'cloud'], { kind: 'vpc', allotment: ['172.31.0.0/24'] });
});

test.each([
  ['berlin', 422],
  ['nowhere', 422],
  ['cloud', 201],
])('a hub in the site %s is answered with %i: only a VPC will do', async (site, status) => {
  const spec = { endpoint: '198.51.100.10:51820', vpc: { tenant: 'acme', site } };
  const reply = await bench.call('POST', '/v1/hubs', { body: { metadata: { name: 'one' }, spec } });
  expect(reply.status).toBe(status);
  if (status === 422) expect(reply.json.errors[0].pointer).toBe('/spec/vpc/site');
});

test.each(['*', '1', 'W/"1"'])('an If-Match of %s is answered with what to send instead', async (etag) => {
  const body = { spec: { description: 'new' } };
  const reply = await bench.call('PUT', '/v1/tenants/acme', { body, headers: { 'if-match': etag } });
  expect([reply.status, reply.json.code]).toEqual([412, 'stale']);
  expect(reply.json.detail).toContain('with its quotes');
});

test('who sends back all that was read is told to send the spec alone', async () => {
  const { json } = await bench.call('GET', '/v1/tenants/acme');
  const reply = await bench.call('PUT', '/v1/tenants/acme', { body: json, headers: { 'if-match': '"1"' } });
  expect(reply.status).toBe(422);
  expect(reply.json.errors.map(({ detail }: { detail: string }) => detail)[0]).toContain(
    'Send only the spec',
  );
});
