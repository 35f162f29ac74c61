/** Sites and their virtual prefixes: disjoint under races, and for life. */
import { beforeEach, describe, expect, test } from 'vitest';
import { overlaps, parsePrefix } from '../../../protocol/address.ts';
import { ADMIN, type Bench, createBench, putKey } from './bench.ts';
import { edit, enrol, make, remove, tokenFor, withSite } from './estates.ts';

const BERLIN = '/v1/tenants/acme/sites/berlin';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
});

interface Shown {
  readonly metadata: { readonly name: string };
  readonly status: { readonly prefixes: readonly { readonly real: string; readonly virtual: string }[] };
}

const virtuals = (site: Shown) => site.status.prefixes.map(({ virtual }) => virtual);

describe('virtual prefixes', () => {
  test('of 50 sites that are created at once are disjoint, though their real ones are equal', async () => {
    await make(bench, ['/v1/tenants', 'acme']);
    const spec = { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24'] };
    const names = Array.from({ length: 50 }, (_, index) => `site-${index}`);
    const sites = await Promise.all(names.map((name) => make(bench, ['/v1/tenants/acme/sites', name], spec)));
    const prefixes = sites.flatMap(({ json }) => virtuals(json)).map(parsePrefix);
    expect(prefixes).toHaveLength(50);
    const clashes = prefixes.filter((one, index) =>
      prefixes.slice(index + 1).some((other) => overlaps(one, other)),
    );
    expect(clashes).toEqual([]);
  });

  test('stay with the prefix that stays, and come back with one that was removed', async () => {
    await withSite(bench, { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24', '10.2.0.0/24'] });
    const before: Shown = (await bench.call('GET', BERLIN)).json;
    const removed: Shown = (
      await edit(bench, BERLIN, { allotment: ['10.0.0.0/8'], prefixes: ['10.2.0.0/24'] })
    ).json;
    expect(removed.status.prefixes).toEqual(before.status.prefixes.slice(1));
    const back = await edit(bench, BERLIN, {
      allotment: ['10.0.0.0/8'],
      prefixes: ['10.1.0.0/24', '10.2.0.0/24'],
    });
    expect(back.json.status.prefixes).toEqual(before.status.prefixes);
  });

  test('are refused with a problem when the pool has none of this length', async () => {
    const deployment = { pools: ['100.64.0.0/23'], domain: 'isthmus.internal', roots: [], pollSeconds: 30 };
    const small = await createBench({ deployment });
    await make(small, ['/v1/tenants', 'acme']);
    const body = {
      metadata: { name: 'big' },
      spec: { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/16'] },
    };
    const reply = await small.call('POST', '/v1/tenants/acme/sites', { body });
    expect([reply.status, reply.json.code]).toEqual([507, 'pool_exhausted']);
  });
});

describe('advertised prefixes', () => {
  test('survive a replacement of the site, unless the allotment no longer holds them', async () => {
    await withSite(bench, { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24'] });
    await enrol(bench, await tokenFor(bench), { advertise: ['10.2.0.0/24'] });
    const kept: Shown = (await edit(bench, BERLIN, { allotment: ['10.0.0.0/8'], prefixes: [] })).json;
    expect(kept.status.prefixes.map(({ real }) => real)).toEqual(['10.2.0.0/24']);
    const gone: Shown = (await edit(bench, BERLIN, { allotment: ['10.1.0.0/16'], prefixes: [] })).json;
    expect(gone.status.prefixes).toEqual([]);
  });

  test('are not overlapped by what a person adds', async () => {
    await withSite(bench, { allotment: ['10.0.0.0/8'], prefixes: [] });
    await enrol(bench, await tokenFor(bench), { advertise: ['10.2.0.0/24'] });
    const reply = await edit(bench, BERLIN, { allotment: ['10.0.0.0/8'], prefixes: ['10.2.0.0/16'] });
    expect(reply.json).toMatchObject({ code: 'prefix_overlaps', errors: [{ pointer: '/spec/prefixes/0' }] });
  });

  test('keep the site in use by its edge', async () => {
    await withSite(bench);
    await enrol(bench, await tokenFor(bench));
    expect((await remove(bench, BERLIN)).json).toMatchObject({
      code: 'in_use',
      detail: expect.stringContaining('edge'),
    });
  });
});

describe('an edge', () => {
  test('cannot be moved to another site', async () => {
    await withSite(bench);
    await make(bench, ['/v1/tenants/acme/sites', 'paris'], { allotment: ['10.0.0.0/8'] });
    await enrol(bench, await tokenFor(bench));
    const reply = await edit(bench, '/v1/tenants/acme/edges/berlin', { site: 'paris', approved: true });
    expect(reply.json).toMatchObject({ code: 'invalid', errors: [{ pointer: '/spec/site' }] });
  });
});

describe('a service', () => {
  test('shows its name and its virtual address', async () => {
    await withSite(bench);
    const path = `${BERLIN}/services`;
    const service = await make(bench, [path, 'web'], { address: '10.1.0.7', port: 80 });
    const site: Shown = (await bench.call('GET', BERLIN)).json;
    const [network = ''] = virtuals(site);
    expect(service.json.metadata).toMatchObject({ name: 'web', tenant: 'acme' });
    expect(service.json.status).toMatchObject({
      site: 'berlin',
      hostname: 'web.berlin.acme.isthmus.internal',
      virtualAddress: network.replace(/0\/24$/, '7'),
    });
  });
});

describe('the site of a VPC that a hub stands in', () => {
  const CLOUD = '/v1/tenants/acme/sites/cloud';
  const spec = { kind: 'vpc', allotment: ['172.31.0.0/16'], prefixes: ['172.31.0.0/24'] };

  async function withHub(): Promise<string> {
    await make(bench, ['/v1/tenants', 'acme']);
    await make(bench, ['/v1/tenants/acme/sites', 'cloud'], spec);
    const vpc = { tenant: 'acme', site: 'cloud' };
    await make(bench, ['/v1/hubs', 'alpha'], { endpoint: '198.51.100.10:51820', vpc });
    return putKey(bench.store, 'acme', 'operator');
  }

  async function put(key: string, change: Readonly<Record<string, unknown>>) {
    const { headers } = await bench.call('GET', CLOUD);
    const match = { 'if-match': headers.get('etag') ?? '' };
    return bench.call('PUT', CLOUD, { key, body: { spec: { ...spec, ...change } }, headers: match });
  }

  test('is changed in its network by keys of the deployment alone; its native routes are the tenant’s', async () => {
    const operator = await withHub();
    for (const change of [
      { lan: 'masquerade' },
      { prefixes: [] },
      { allotment: ['172.31.0.0/16', '52.94.0.0/16'] },
    ]) {
      const reply = await put(operator, change);
      expect([reply.status, reply.json.code]).toEqual([403, 'forbidden']);
    }
    expect((await put(operator, { native: ['berlin'] })).status).toBe(200);
    expect((await put(ADMIN, { lan: 'masquerade' })).status).toBe(200);
  });

  test('is not deleted while the hub stands in it', async () => {
    await withHub();
    const reply = await remove(bench, CLOUD);
    expect([reply.status, reply.json.code]).toEqual([409, 'in_use']);
  });
});
