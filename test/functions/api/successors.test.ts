/** What is gone stays gone: nothing of a deleted key, tenant or edge comes back by a name or a key that is used again. */
import { beforeEach, expect, test } from 'vitest';
import type { ItemKey } from '../../../functions/store/port.ts';
import { type Bench, callAs, createBench, putKey } from './bench.ts';
import { edit, enrol, make, remove, tokenFor, withSite } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
});

async function purge(key: ItemKey): Promise<void> {
  await bench.store.purge(key, (await bench.store.get(key))?.version ?? 0);
}

test('a deleted API key that is made again under the same Idempotency-Key has another secret', async () => {
  const body = { metadata: { name: 'ci' }, spec: { role: 'viewer' } };
  const headers = { 'idempotency-key': 'once' };
  const first = await bench.call('POST', '/v1/keys', { body, headers });
  const replay = await bench.call('POST', '/v1/keys', { body, headers });
  expect(replay.json.secret).toBe(first.json.secret);
  await remove(bench, '/v1/keys/ci');
  await purge({ kind: 'key', tenant: '*', name: 'ci' });
  bench.clock.pass(60);
  const second = await bench.call('POST', '/v1/keys', { body, headers });
  expect(second.status).toBe(201);
  expect(second.json.secret).not.toBe(first.json.secret);
  const whoami = (key: string) => bench.call('GET', '/v1/whoami', { key });
  expect([(await whoami(first.json.secret)).status, (await whoami(second.json.secret)).status]).toEqual([
    401, 200,
  ]);
});

test('a tenant of the same name inherits neither keys nor the audit log of the one before', async () => {
  await make(bench, ['/v1/tenants', 'acme']);
  const key = await putKey(bench.store, 'acme', 'viewer');
  expect((await bench.call('GET', '/v1/tenants/acme', { key })).status).toBe(200);
  await bench.store.writeEvent({
    id: 'secret-of-the-first',
    time: bench.clock.now(),
    tenant: 'acme',
    actor: 'key:root',
    action: 'update',
    kind: 'site',
    name: 'berlin',
    detail: 'Before.',
  });
  await bench.store.purge({ kind: 'tenant', tenant: '*', name: 'acme' }, 1);
  expect((await bench.call('GET', '/v1/tenants/acme', { key })).status).toBe(401);
  bench.clock.pass(60);
  await make(bench, ['/v1/tenants', 'acme']);
  expect((await bench.call('GET', '/v1/tenants/acme', { key })).status).toBe(401);
  expect((await bench.call('GET', '/v1/tenants/acme/events')).text).not.toContain('Before.');
});

test('an edge in quarantine gets no document, also not the one that it had', async () => {
  await withSite(bench);
  const agent = await enrol(bench, await tokenFor(bench));
  await bench.store.writeDocument(
    {
      agent: agent.id,
      document: {
        envelope: { alg: 'ES256', agent: agent.id, epoch: 1, generation: 1, manifestHash: '0'.repeat(64) },
        key: 'k',
        signature: 's',
        manifest: [],
      },
    },
    undefined,
  );
  const document = async () =>
    (await callAs(bench, agent, { method: 'GET', path: '/v1/agent/document' })).status;
  expect(await document()).toBe(200);
  await edit(bench, '/v1/tenants/acme/edges/berlin', { site: 'berlin', approved: true, quarantined: true });
  expect(await document()).toBe(404);
});
