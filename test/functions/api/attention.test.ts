/** What needs a person, over the API: of everything in a tenant, and to each caller of what he may read. */
import { beforeEach, expect, test } from 'vitest';
import { ADMIN, type Bench, createBench, putKey } from './bench.ts';
import { enrol, make, tokenFor, withHub, withSite } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

async function linesOf(path: string, key: string = ADMIN): Promise<string[]> {
  const reply = await bench.call('GET', path, { key });
  expect(reply.status, reply.text).toBe(200);
  const items: { level: string; kind: string; name: string; reason: string; remedy: string }[] =
    reply.json.items;
  return items.map(({ level, kind, name, reason }) => `${level} ${kind} ${name} ${reason}`);
}

test('an edge to approve, an app without a place, and a route that leads nowhere are there in one answer', async () => {
  await enrol(bench, await tokenFor(bench, { approve: false }));
  await make(bench, ['/v1/tenants/acme/sites/berlin/services', 'web'], { address: '10.1.0.5', port: 80 });
  await make(bench, ['/v1/tenants/acme/routes', 'shop'], {
    host: 'shop.example.com',
    service: { site: 'berlin', name: 'web' },
  });
  const lines = await linesOf('/v1/tenants/acme/attention');
  expect(
    lines.some((line) => /^decision edge \S+ WaitingForApproval$/.test(line)),
    lines.join(),
  ).toBe(true);
  expect(lines).toContain('decision site berlin NoApprovedEdge');
});

test('hubs are of the deployment', async () => {
  await make(bench, ['/v1/hubs', 'two'], { endpoint: '198.51.100.11:51820' });
  expect(await linesOf('/v1/attention')).toEqual(['decision hub two WaitingForAgent']);
  await withHub(bench);
  expect((await linesOf('/v1/attention')).some((line) => line.includes(' hub one '))).toBe(true);
  const viewer = await putKey(bench.store, 'acme', 'viewer');
  expect((await bench.call('GET', '/v1/attention', { key: viewer })).status).toBe(403);
});

test('nobody is told of what he may not read', async () => {
  await make(bench, ['/v1/tenants/acme/roles', 'networkers'], {
    rules: [{ kinds: ['route'], verbs: ['read'] }],
  });
  const made = await make(bench, ['/v1/tenants/acme/keys', 'net'], { role: 'networkers' });
  expect(await linesOf('/v1/tenants/acme/attention', made.json.secret)).toEqual([]);
  expect(await linesOf('/v1/tenants/acme/attention')).not.toEqual([]);
});

test('a tenant that is not there is not found', async () => {
  expect((await bench.call('GET', '/v1/tenants/nope/attention')).status).toBe(404);
});
