/** Pools: ranges inside what sites expose, none with two owners, and nothing taken away that is in use. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, putKey, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, make, remove, SITE, tokenFor, withSite } from './estates.ts';

const POOLS = '/v1/tenants/acme/pools';
const RANGE = { cluster: 'prod', prefix: '10.1.0.0/28' };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await attach(edge, 'prod');
});

function attach(agent: Enrolled, name: string): Promise<Reply> {
  const body = { kind: 'kubernetes', authority: 'PEM' };
  return callAs(bench, agent, { method: 'POST', path: `/v1/agent/clusters/${name}`, body });
}

function create(name: string, ranges: readonly object[], headers = {}): Promise<Reply> {
  return bench.call('POST', POOLS, { body: { metadata: { name }, spec: { ranges } }, headers });
}

function reserve(addresses: readonly string[], more: object = {}): Promise<Reply> {
  const reservations = addresses.map((address, index) => ({
    address,
    cluster: 'prod',
    app: 'shop',
    holder: `shop/shop-${index}`,
    node: 'n1',
    state: 'held',
    pool: 'web',
    ...more,
  }));
  return callAs(bench, edge, {
    method: 'POST',
    path: '/v1/agent/clusters/prod/report',
    body: { reservations },
  });
}

function tellFacts(address: string): Promise<Reply> {
  const none = { cpuMillis: 0, memoryMib: 0, pods: 0 };
  const seen = { ready: 'True', verdict: 'alive', evidence: '', schedulable: true, version: 'v1' };
  const network = {
    ...{ plugin: 'bridge', overlay: 'none', policies: 'unknown', reachability: 'by_service', detail: '' },
    ...{ podPrefixes: ['10.1.0.192/27'], servicePrefix: '10.1.0.64/27' },
  };
  const nodes = [{ name: 'n1', addresses: [address], ...seen, capacity: none, labels: {} }];
  const facts = { version: 'v1', network, capacity: none, allocatable: none, nodes, statements: [] };
  const path = '/v1/agent/clusters/prod/report';
  return callAs(bench, edge, { method: 'POST', path, body: { facts } });
}

const statusOf = async (name: string) => (await bench.call('GET', `${POOLS}/${name}`)).json.status;
const stateOf = async (name: string) =>
  (await statusOf(name)).conditions.map((one: { type: string; status: string; reason: string }) =>
    [one.type, one.status, one.reason].join(' '),
  );

/** Site tokyo, which exposes the same addresses, with the cluster `far`. */
async function withTokyo(): Promise<void> {
  await make(bench, ['/v1/tenants/acme/sites', 'tokyo'], SITE);
  await attach(await enrol(bench, await tokenFor(bench, { site: 'tokyo' })), 'far');
}

async function purge(kind: 'pool' | 'cluster', name: string): Promise<void> {
  const key = { kind, tenant: 'acme', name };
  await bench.store.purge(key, (await bench.store.get(key))?.version ?? 0);
}

describe('a pool', () => {
  test('says how large it is, what is reserved of it, and how old that word is', async () => {
    await create('web', [RANGE, { cluster: 'prod', prefix: '10.1.0.32/30' }]);
    expect(await stateOf('web')).toEqual([
      'Free Unknown NotTold',
      'Fresh Unknown NeverTold',
      'Exposed True Exposed',
    ]);
    await reserve(['10.1.0.1', '10.1.0.33', '10.1.0.77']);
    bench.clock.pass(60);
    expect(await statusOf('web')).toMatchObject({
      size: 20,
      free: 18,
      told: [{ cluster: 'prod', observedAt: '2026-01-31T12:00:00.000Z' }],
      reservations: [{ address: '10.1.0.1', holder: 'shop/shop-0' }, { address: '10.1.0.33' }],
    });
    expect(await stateOf('web')).toEqual(['Free True Free', 'Fresh True Told', 'Exposed True Exposed']);
    bench.clock.pass(900);
    expect(await stateOf('web')).toContain('Fresh False EdgeSilent');
  });

  test('without a free address says so', async () => {
    await create('web', [{ cluster: 'prod', prefix: '10.1.0.8/31' }]);
    await reserve(['10.1.0.8', '10.1.0.9']);
    expect([(await statusOf('web')).free, (await stateOf('web'))[0]]).toEqual([0, 'Free False Exhausted']);
  });

  test('is named by apps once it is there', async () => {
    await create('web', [RANGE]);
    await make(bench, ['/v1/tenants/acme/apps', 'shop'], {
      image: 'i',
      pool: 'web',
      placement: { clusters: ['prod'] },
    });
  });

  test('is changed by operators and read by viewers', async () => {
    const viewer = await putKey(bench.store, 'acme', 'viewer');
    const body = { metadata: { name: 'web' }, spec: { ranges: [RANGE] } };
    expect((await bench.call('POST', POOLS, { key: viewer, body })).status).toBe(403);
    expect(
      (await bench.call('POST', POOLS, { key: await putKey(bench.store, 'acme', 'operator'), body })).status,
    ).toBe(201);
    expect((await bench.call('GET', POOLS, { key: viewer })).json.items).toHaveLength(1);
  });
});

describe('a range', () => {
  test.each([
    ['of a cluster that is not there', { cluster: 'none', prefix: '10.1.0.0/28' }, 'invalid', 'cluster'],
    ['wider than /20', { cluster: 'prod', prefix: '10.0.0.0/19' }, 'invalid', 'prefix'],
    [
      'outside of what its site exposes',
      { cluster: 'prod', prefix: '10.2.0.0/28' },
      'address_outside_site',
      'prefix',
    ],
    [
      'wider than what its site exposes',
      { cluster: 'prod', prefix: '10.1.0.0/23' },
      'address_outside_site',
      'prefix',
    ],
    [
      'that overlaps another of the pool',
      { cluster: 'prod', prefix: '10.1.0.64/28' },
      'prefix_overlaps',
      'prefix',
    ],
  ])('%s is refused, and nothing is stored', async (_, range, code, field) => {
    const before = bench.snapshot();
    const reply = await create('web', [{ cluster: 'prod', prefix: '10.1.0.64/26' }, range]);
    expect([reply.json.code, reply.json.errors]).toEqual([
      code,
      [expect.objectContaining({ pointer: `/spec/ranges/1/${field}` })],
    ]);
    expect(bench.snapshot()).toBe(before);
  });

  test.each([
    ['in the range of services', { prefix: '10.1.0.64/28' }, 'the range of services of prod'],
    ['around that range', { prefix: '10.1.0.64/26' }, 'the range of services of prod'],
    ['of the cluster’s own pods', { prefix: '10.1.0.192/28' }, 'prod itself gives addresses to pods'],
    ['with a node in it', { prefix: '10.1.0.0/28' }, 'in the LAN of the node n1 (10.1.0.11)'],
    ['on the link of a node', { prefix: '10.1.0.32/28' }, 'in the LAN of the node n1 (10.1.0.11)'],
  ])('%s is refused, as soon as the edge has told of the cluster', async (_, { prefix }, why) => {
    await tellFacts('10.1.0.11');
    const refused = await create('web', [{ cluster: 'prod', prefix }]);
    expect([refused.status, refused.json.code]).toEqual([409, 'prefix_overlaps']);
    expect(refused.json.detail).toContain(why);
    expect(refused.json.errors[0].pointer).toBe('/spec/ranges/0/prefix');
  });

  test('beside the nodes of a cluster whose LAN is another one is had', async () => {
    await tellFacts('192.168.7.11');
    expect((await create('web', [{ cluster: 'prod', prefix: '10.1.0.32/28' }])).status).toBe(201);
  });

  test('that another pool has at the site, be it of another cluster, is refused; at another site it is normal', async () => {
    await create('web', [RANGE]);
    await attach(edge, 'test');
    const refused = await create('api', [{ cluster: 'test', prefix: '10.1.0.0/30' }]);
    expect([refused.status, refused.json.code]).toEqual([409, 'prefix_overlaps']);
    expect(refused.json.detail).toContain('the pool web has at the site berlin');
    await withTokyo();
    expect((await create('api', [{ cluster: 'far', prefix: '10.1.0.0/28' }])).status).toBe(201);
  });

  test('is had by one of twenty pools that want it at once', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => create(`p${index}`, [RANGE])));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });

  test('that a pool gives up is free at once, and so are those of a pool that is gone', async () => {
    await create('web', [RANGE]);
    await edit(bench, `${POOLS}/web`, { ranges: [{ ...RANGE, prefix: '10.1.0.16/28' }] });
    expect((await create('api', [RANGE])).status).toBe(201);
    const refused = await edit(bench, `${POOLS}/api`, { ranges: [{ ...RANGE, prefix: '10.1.0.0/27' }] });
    expect(refused.json.code).toBe('prefix_overlaps');
  });

  test('of a creation that another of the same name came before is given back', async () => {
    const racing = { ...bench.store };
    let first = true;
    racing.create = async (item) => {
      if (item.key.kind === 'pool' && first) {
        first = false;
        bench.clock.pass(1);
        expect((await create('web', [{ ...RANGE, prefix: '10.1.0.64/28' }])).status).toBe(201);
      }
      return bench.store.create(item);
    };
    const slow = await createBench({ store: racing, clock: bench.clock });
    const body = { metadata: { name: 'web' }, spec: { ranges: [RANGE] } };
    expect((await slow.call('POST', POOLS, { body })).json.code).toBe('already_exists');
    expect((await create('api', [RANGE])).status).toBe(201);
  });

  test('of a request that is sent twice with one key is claimed once', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await create('web', [RANGE], headers);
    expect((await create('web', [RANGE], headers)).json).toEqual(first.json);
  });
});

describe('what is in use', () => {
  beforeEach(async () => {
    await create('web', [RANGE, { cluster: 'prod', prefix: '10.1.0.16/28' }]);
  });

  test('is a pool that an app names', async () => {
    await make(bench, ['/v1/tenants/acme/apps', 'shop'], {
      image: 'i',
      pool: 'web',
      placement: { clusters: ['prod'] },
    });
    expect((await remove(bench, `${POOLS}/web`)).json).toMatchObject({ code: 'in_use' });
    await remove(bench, '/v1/tenants/acme/apps/shop');
    expect((await remove(bench, `${POOLS}/web`)).status).toBe(204);
  });

  test('is a range with a reservation in it, until the edge tells of it no more', async () => {
    await reserve(['10.1.0.17']);
    const smaller = { ranges: [RANGE] };
    const refused = await edit(bench, `${POOLS}/web`, smaller);
    expect([refused.status, refused.json.code]).toEqual([409, 'in_use']);
    expect(refused.json.detail).toContain('10.1.0.17 is reserved for shop/shop-0');
    // The same addresses in another shape are no change to anybody.
    expect(
      (await edit(bench, `${POOLS}/web`, { ranges: [{ ...RANGE, prefix: '10.1.0.0/27' }] })).status,
    ).toBe(200);
    await reserve([]);
    expect((await edit(bench, `${POOLS}/web`, smaller)).status).toBe(200);
  });

  test('is an exposed prefix with a range in it', async () => {
    const site = '/v1/tenants/acme/sites/berlin';
    const { spec } = (await bench.call('GET', site)).json;
    const refused = await edit(bench, site, { ...spec, prefixes: ['10.1.0.128/25'] });
    expect([refused.json.code, refused.json.detail]).toEqual([
      'in_use',
      expect.stringContaining('The pool web has the range 10.1.0.0/28 of prod'),
    ]);
    const halves = { ...spec, prefixes: ['10.1.0.0/25', '10.1.0.128/25'] };
    expect((await edit(bench, site, halves)).status).toBe(200);
  });

  test('is a cluster of which a pool has a range', async () => {
    expect((await remove(bench, '/v1/tenants/acme/clusters/prod')).json.code).toBe('in_use');
    await remove(bench, `${POOLS}/web`);
    await purge('pool', 'web');
    expect((await remove(bench, '/v1/tenants/acme/clusters/prod')).status).toBe(204);
  });
});
