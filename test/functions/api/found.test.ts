/** Services that clusters publish: made, changed and ended by the reports of their edge, never in the way of a person. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Bench, callAs, createBench, type Reply } from './bench.ts';
import { type Enrolled, edit, enrol, make, remove, SITE, tokenFor, withSite } from './estates.ts';

const SERVICES = '/v1/tenants/acme/sites/berlin/services';
const ROUTES = '/v1/tenants/acme/routes';
const WEB = { name: 'web', source: 'shop/web', address: '10.1.0.4', port: 80, protocol: 'tcp' };
const ROUTED = { ...WEB, route: { host: 'shop.example.com', path: '/' } };

let bench: Bench;
let edge: Enrolled;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
  edge = await enrol(bench, await tokenFor(bench));
  await attach('prod');
});

function attach(name: string): Promise<Reply> {
  const body = { kind: 'kubernetes', authority: 'PEM' };
  return callAs(bench, edge, { method: 'POST', path: `/v1/agent/clusters/${name}`, body });
}

async function find(services: readonly object[], cluster = 'prod'): Promise<void> {
  const body = JSON.parse(JSON.stringify({ services }));
  const reply = await callAs(bench, edge, {
    method: 'POST',
    path: `/v1/agent/clusters/${cluster}/report`,
    body,
  });
  expect(reply.status).toBe(204);
}

const namesAt = async (path: string): Promise<string[]> =>
  (await bench.call('GET', path)).json.items.map((one: { metadata: { name: string } }) => one.metadata.name);

async function published(): Promise<{ status: string; reason: string; message: string }> {
  const { conditions } = (await bench.call('GET', '/v1/tenants/acme/clusters/prod')).json.status;
  return conditions.find(({ type }: { type: string }) => type === 'Published');
}

describe('a service that was found', () => {
  test('is one of the site with a route, says where it was found, and is in the audit log as the edge’s', async () => {
    await find([ROUTED]);
    const service = (await bench.call('GET', `${SERVICES}/web`)).json;
    expect(service.spec).toEqual({ address: '10.1.0.4', port: 80, protocol: 'tcp' });
    expect(service.status).toMatchObject({ cluster: 'prod', hostname: 'web.berlin.acme.isthmus.internal' });
    const route = (await bench.call('GET', `${ROUTES}/prod-web`)).json;
    expect(route.spec).toEqual({ ...ROUTED.route, service: { site: 'berlin', name: 'web' } });
    expect(route.status.cluster).toBe('prod');
    const item = await bench.store.get({ kind: 'service', tenant: 'acme', name: 'berlin/web' });
    expect(item?.outbox).toMatchObject([
      {
        actor: `agent:${edge.id}`,
        action: 'create',
        detail: expect.stringContaining('shop/web of cluster prod'),
      },
    ]);
    expect(await published()).toMatchObject({
      status: 'True',
      message: '1 services and 1 routes of the cluster are published.',
    });
  });

  test('that is told again changes nothing, however much later', async () => {
    await find([ROUTED]);
    const items = async () => [
      await bench.store.get({ kind: 'service', tenant: 'acme', name: 'berlin/web' }),
      await bench.store.get({ kind: 'route', tenant: 'acme', name: 'prod-web' }),
      await bench.store.told({ kind: 'cluster', tenant: 'acme', name: 'prod' }, ['published']),
    ];
    const before = [await items(), bench.snapshot()];
    await find([ROUTED]);
    expect([await items(), bench.snapshot()]).toEqual(before);
    bench.clock.pass(300);
    await find([ROUTED]);
    expect(await items()).toEqual(before[0]);
  });

  test('moves with its address, and ends when it is not found any more; its host is free then', async () => {
    await find([ROUTED]);
    await find([{ ...ROUTED, address: '10.1.0.9', route: { host: 'www.example.com', path: '/' } }]);
    expect((await bench.call('GET', `${SERVICES}/web`)).json.spec.address).toBe('10.1.0.9');
    expect(await bench.store.claimHost('shop.example.com', 'other')).toBe('claimed');
    await find([]);
    expect([await namesAt(SERVICES), await namesAt(ROUTES)]).toEqual([[], []]);
    expect(await published()).toMatchObject({ status: 'True' });
  });
});

describe('what people have', () => {
  test('is never changed by a report; the cluster says why', async () => {
    await make(bench, [SERVICES, 'web'], { address: '10.1.0.7', port: 81 });
    const before = (await bench.call('GET', `${SERVICES}/web`)).json;
    await find([ROUTED]);
    await find([]);
    expect((await bench.call('GET', `${SERVICES}/web`)).json).toEqual(before);
    await find([ROUTED, { ...WEB, name: 'api', source: 'shop/api' }]);
    expect(await published()).toMatchObject({
      status: 'False',
      reason: 'NotAll',
      message: expect.stringMatching(/^1 services and 0 routes .*; 1 can't be\. shop\/web: A person made/),
    });
  });

  test.each([
    ['with another spec', { address: '10.1.0.7', port: 81, protocol: 'tcp' }],
    ['with the spec that it has', { address: '10.1.0.4', port: 80, protocol: 'tcp' }],
  ])('they have by replacing what was found %s, from then on', async (_, spec) => {
    await find([WEB]);
    expect((await edit(bench, `${SERVICES}/web`, spec)).status).toBe(200);
    const adopted = (await bench.call('GET', `${SERVICES}/web`)).json;
    expect([adopted.spec, adopted.status.cluster]).toEqual([spec, undefined]);
    await find([{ ...WEB, address: '10.1.0.200' }]);
    await find([]);
    expect((await bench.call('GET', `${SERVICES}/web`)).json).toEqual(adopted);
  });

  test('and replace once more with the same spec is written once', async () => {
    await make(bench, [SERVICES, 'web'], { address: '10.1.0.7', port: 81 });
    const { spec } = (await bench.call('GET', `${SERVICES}/web`)).json;
    await edit(bench, `${SERVICES}/web`, spec);
    expect((await bench.call('GET', `${SERVICES}/web`)).json.metadata.version).toBe(1);
  });
});

describe('nothing comes in by an annotation that a person could not make', () => {
  test.each([
    ['an address outside of the exposed prefixes', { ...WEB, address: '10.2.0.4' }],
    ['the address of a pool', { ...WEB, address: '100.64.0.1' }],
    ['loopback', { ...WEB, address: '127.0.0.1' }],
    ['IPv6', { ...WEB, address: '::1' }],
  ])('%s', async (_, service) => {
    await find([service]);
    expect(await namesAt(SERVICES)).toEqual([]);
    expect(await published()).toMatchObject({
      status: 'False',
      message: expect.stringContaining('shop/web'),
    });
  });

  test('a host of another tenant; the service is published without its route, and the host stays theirs', async () => {
    await make(bench, ['/v1/tenants', 'other']);
    await make(bench, ['/v1/tenants/other/sites', 'berlin'], SITE);
    await make(bench, ['/v1/tenants/other/sites/berlin/services', 'web'], { address: '10.1.0.4', port: 80 });
    const spec = { host: 'shop.example.com', service: { site: 'berlin', name: 'web' } };
    await make(bench, ['/v1/tenants/other/routes', 'shop'], spec);
    await find([ROUTED]);
    expect([await namesAt(SERVICES), await namesAt(ROUTES)]).toEqual([['web'], []]);
    expect((await published()).message).toContain('shop.example.com belongs to another tenant');
    expect(await bench.store.claimHost('shop.example.com', 'other')).toBe('claimed');
  });

  test('a name that another cluster of the site was the first to have', async () => {
    await attach('test');
    await find([WEB], 'test');
    await find([WEB]);
    expect((await bench.call('GET', `${SERVICES}/web`)).json.status.cluster).toBe('test');
    expect((await published()).message).toContain('cluster test was the first');
    await find([], 'test');
    await bench.store.purge({ kind: 'service', tenant: 'acme', name: 'berlin/web' }, 2);
    await find([WEB]);
    expect((await bench.call('GET', `${SERVICES}/web`)).json.status.cluster).toBe('prod');
  });
});

test('what a person deletes is there again with the next report, once it is gone', async () => {
  await find([WEB]);
  await remove(bench, `${SERVICES}/web`);
  await find([WEB]);
  expect((await published()).message).toContain('somebody else changed it');
  await bench.store.purge({ kind: 'service', tenant: 'acme', name: 'berlin/web' }, 2);
  await find([WEB]);
  expect(await namesAt(SERVICES)).toEqual(['web']);
  expect(await published()).toMatchObject({ status: 'True' });
});

test('of two reports at once both are taken, and the next one brings order', async () => {
  const many = Array.from({ length: 40 }, (_, index) => ({
    ...WEB,
    name: `s${index}`,
    source: `shop/s${index}`,
  }));
  await Promise.all([find(many), find(many.slice(20)), find([ROUTED])]);
  await find(many);
  expect(await namesAt(ROUTES)).toEqual([]);
  for (const { name } of many) {
    const item = await bench.store.get({ kind: 'service', tenant: 'acme', name: `berlin/${name}` });
    if (item?.deletedAt !== undefined) await bench.store.purge(item.key, item.version);
  }
  await find(many);
  expect((await namesAt(SERVICES)).sort()).toEqual(many.map(({ name }) => name).sort());
});
