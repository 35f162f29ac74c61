/** What edges tell of clusters: of this very cluster, in parts that stand or fall by themselves; and what a cluster keeps from being deleted. */
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, type Reply } from './bench.ts';
import { type Enrolled, enrol, make, ROOMY, remove, tokenFor, withSite } from './estates.ts';

const CLUSTER = '/v1/tenants/acme/clusters/prod';
const FACTS = ROOMY;
const COUNTS = { requests: 9, fromCache: 5, coalesced: 1, upstream: 3, upstreamLists: 1, upstreamWatches: 1 };
const BUDGET = { accessReviews: 2, openStreams: 0, budgetBytes: 10, usedBytes: 1 };
const REQUESTS = { windowSeconds: 60, ...COUNTS, ...BUDGET, types: [], talkers: [], advice: [] };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await attach();
});

function attach(): Promise<Reply> {
  const body = { kind: 'kubernetes', authority: 'PEM' };
  return callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod', body });
}

function tell(parts: object): Promise<Reply> {
  const body = JSON.parse(JSON.stringify(parts));
  return callAs(bench, edge, { method: 'POST', path: '/v1/agent/clusters/prod/report', body });
}

function instance(message = ''): object {
  const container = { name: 'web-1', node: 'a', address: '', state: 'ready', lastLines: [], restarts: 0 };
  const containers = message === '' ? [] : [{ ...container, message, release: 1 }];
  return { cluster: 'prod', release: 1, wanted: 1, ready: 1, updated: 1, statements: [], containers };
}

/** As a delivery does it at last. */
async function purge(kind: 'cluster' | 'app', name: string): Promise<void> {
  const key = { kind, tenant: 'acme', name };
  await bench.store.purge(key, (await bench.store.get(key))?.version ?? 0);
}

describe('of a cluster that is attached again under an old name', () => {
  test('nothing is known that was told of its predecessor, until its edge tells', async () => {
    await tell({ facts: FACTS, requests: REQUESTS, apps: [{ app: 'web', instance: instance() }] });
    await remove(bench, CLUSTER);
    await purge('cluster', 'prod');
    bench.clock.pass(1);
    await attach();
    await make(bench, ['/v1/tenants/acme/apps', 'web'], { image: 'i', placement: { clusters: ['prod'] } });
    const { status } = (await bench.call('GET', CLUSTER)).json;
    expect([status.facts, status.observedAt]).toEqual([undefined, undefined]);
    expect(status.conditions[1]).toMatchObject({ type: 'Fresh', status: 'Unknown', reason: 'NeverTold' });
    expect((await bench.call('GET', `${CLUSTER}/requests`)).status).toBe(404);
    const app = async () => (await bench.call('GET', '/v1/tenants/acme/apps/web')).json.status;
    expect((await app()).instances).toEqual([]);
    await tell({ facts: FACTS, requests: REQUESTS, apps: [{ app: 'web', instance: instance() }] });
    expect((await bench.call('GET', CLUSTER)).json.status.facts).toEqual(FACTS);
    expect((await bench.call('GET', `${CLUSTER}/requests`)).status).toBe(200);
    expect((await app()).instances).toHaveLength(1);
  });

  test('the same holds for an app: one that is made anew does not run because its predecessor did', async () => {
    const spec = { image: 'i', placement: { clusters: ['prod'] } };
    await make(bench, ['/v1/tenants/acme/apps', 'web'], spec);
    await tell({ apps: [{ app: 'web', instance: instance() }] });
    await remove(bench, '/v1/tenants/acme/apps/web');
    await purge('app', 'web');
    bench.clock.pass(1);
    await make(bench, ['/v1/tenants/acme/apps', 'web'], spec);
    await tell({ facts: FACTS });
    const { conditions } = (await bench.call('GET', '/v1/tenants/acme/apps/web')).json.status;
    expect(conditions[0]).toMatchObject({ type: 'Running', status: 'Unknown', reason: 'NotTold' });
  });
});

describe('a part that is larger than the table takes', () => {
  const large = Array.from({ length: 700 }, (_, index) => ({
    app: `a${index}`,
    instance: instance(randomBytes(750).toString('base64')),
  }));
  const event = {
    id: 'drill-000001',
    at: '2026-01-31T12:00:01.000Z',
    action: 'drill.failed',
    actor: '',
    detail: 'x',
  };

  test('is refused by its name with what to do, and what fits is kept, events too', async () => {
    const refused = await tell({ facts: FACTS, apps: large, events: [event] });
    expect([refused.status, refused.json.code]).toEqual([413, 'too_large']);
    expect(refused.json.errors).toEqual([
      { pointer: '/apps', detail: expect.stringContaining('let fewer apps') },
    ]);
    expect(refused.json.detail).toContain('The rest of the report was kept');
    expect((await bench.call('GET', CLUSTER)).json.status.facts).toEqual(FACTS);
    expect((await bench.call('GET', '/v1/tenants/acme/events')).text).toContain('drill.failed');
    expect(bench.failures).toEqual([]);
  });

  test('leaves what was told before', async () => {
    await make(bench, ['/v1/tenants/acme/apps', 'web'], { image: 'i', placement: { clusters: ['prod'] } });
    await tell({ facts: FACTS, apps: [{ app: 'web', instance: instance() }] });
    await tell({ apps: large });
    expect((await bench.call('GET', '/v1/tenants/acme/apps/web')).json.status.instances).toHaveLength(1);
  });
});

test('a site is not deleted while a cluster is there, also when its edge is gone', async () => {
  await remove(bench, '/v1/tenants/acme/edges/berlin');
  const refused = await remove(bench, '/v1/tenants/acme/sites/berlin');
  expect([refused.status, refused.json.code]).toEqual([409, 'in_use']);
  expect(refused.json.detail).toContain('cluster prod');
  await remove(bench, CLUSTER);
  expect((await remove(bench, '/v1/tenants/acme/sites/berlin')).status).toBe(204);
});
