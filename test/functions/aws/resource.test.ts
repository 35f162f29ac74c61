/** One event of CloudFormation about one resource, before the real API: what is done, what is refused, what is told. */
import { describe, expect, test } from 'vitest';
import { edit, make, remove, withSite } from '../api/estates.ts';
import { createStand, type Declaration, type Stand, type Told } from './resource-stand.ts';

const SITES = '/v1/tenants/acme/sites';
const SITE: Declaration = {
  collection: SITES,
  name: 'berlin',
  spec: { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24', '10.2.0.0/25'] },
};
const WEB: Declaration = {
  collection: `${SITES}/berlin/services`,
  name: 'web',
  spec: { address: '10.1.0.10', port: 8080 },
};
const BERLIN = `${SITES}/berlin`;

async function withTenant(): Promise<Stand> {
  const stand = await createStand();
  await make(stand.bench, ['/v1/tenants', 'acme']);
  return stand;
}

async function withBerlin(): Promise<{ stand: Stand; told: Told }> {
  const stand = await withTenant();
  return { stand, told: await stand.send({ type: 'Create', declared: SITE }) };
}

async function specAt({ bench }: Stand, path: string): Promise<unknown> {
  const { status, json } = await bench.call('GET', path);
  return status === 404 ? undefined : json.spec;
}

/** The version of what is there: it rises with every write. */
async function versionAt({ bench }: Stand, path: string): Promise<number> {
  return (await bench.call('GET', path)).json.metadata.version;
}

describe('a creation', () => {
  test('makes the resource, and tells its path and its virtual prefixes in the order of the real ones', async () => {
    const { stand, told } = await withBerlin();
    const { json } = await stand.bench.call('GET', BERLIN);
    const virtual = json.status.prefixes.map((mapping: { virtual: string }) => mapping.virtual);
    expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: BERLIN });
    expect(told.Data).toEqual({ VirtualPrefixes: virtual.join(',') });
    expect(virtual).toHaveLength(2);
  });

  test('keeps numbers numbers, and tells a service its host name and virtual address', async () => {
    const { stand } = await withBerlin();
    const told = await stand.send({ type: 'Create', declared: WEB });
    expect(await specAt(stand, `${BERLIN}/services/web`)).toEqual({
      address: '10.1.0.10',
      port: 8080,
      protocol: 'tcp',
    });
    expect(told.Data['Hostname']).toBe('web.berlin.acme.isthmus.internal');
    expect(told.Data['VirtualAddress']).toMatch(/^100\.\d+\.\d+\.10$/);
  });

  test('whose answer was lost is one creation', async () => {
    const stand = await withTenant();
    stand.faults.push('fine', 'lost');
    expect(await stand.send({ type: 'Create', declared: SITE })).toMatchObject({
      PhysicalResourceId: BERLIN,
    });
    expect(await versionAt(stand, BERLIN)).toBe(1);
  });

  test('waits for the name that is still being freed', async () => {
    const { stand } = await withBerlin();
    await remove(stand.bench, BERLIN);
    const told = await stand.send({ type: 'Create', declared: SITE });
    expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: BERLIN });
    expect(stand.pausedMs).toBeGreaterThan(0);
  });

  test('that the API finds wrong fails with its sentence, field and code, and leaves nothing to delete', async () => {
    const stand = await withTenant();
    const declared = { ...SITE, spec: { allotment: ['10.0.0.0/8'], prefixes: ['11.0.0.0/24'] } };
    const told = await stand.send({ type: 'Create', declared });
    expect(told.Status).toBe('FAILED');
    expect(told.Reason).toContain('11.0.0.0/24');
    expect(told.Reason).toMatch(/\(prefix_outside_allotment, request [0-9a-f]+\)$/);
    stand.calls.length = 0;
    const deleted = await stand.send({ type: 'Delete', declared, physicalId: told.PhysicalResourceId });
    expect([deleted.Status, stand.calls]).toEqual(['SUCCESS', []]);
  });

  test('of a route whose host and path another one serves fails at once', async () => {
    const { stand } = await withBerlin();
    await stand.send({ type: 'Create', declared: WEB });
    const spec = { host: 'shop.example.com', service: { site: 'berlin', name: 'web' } };
    const route = { collection: '/v1/tenants/acme/routes', name: 'one', spec };
    await stand.send({ type: 'Create', declared: route });
    const told = await stand.send({ type: 'Create', declared: { ...route, name: 'two' } });
    expect(told.Reason).toContain('The route one serves this host and path.');
    expect([told.Status, stand.pausedMs]).toEqual(['FAILED', 0]);
  });
});

describe('what is there already', () => {
  test('with the same spec is adopted: changed by the stack, and left behind when the stack goes', async () => {
    const stand = await createStand();
    await withSite(stand.bench, SITE.spec);
    const { PhysicalResourceId } = await stand.send({ type: 'Create', declared: SITE });
    expect(PhysicalResourceId).toBe(`adopted:${BERLIN}`);
    const declared = { ...SITE, spec: { ...SITE.spec, lan: 'masquerade' } };
    const physicalId = PhysicalResourceId;
    const updated = await stand.send({ type: 'Update', declared, before: SITE, physicalId });
    expect(updated.PhysicalResourceId).toBe(physicalId);
    expect((await stand.send({ type: 'Delete', declared, physicalId })).Status).toBe('SUCCESS');
    expect(await specAt(stand, BERLIN)).toMatchObject({ lan: 'masquerade' });
  });

  test('with another spec is a failure that changes nothing, and its roll-back changes nothing either', async () => {
    const stand = await createStand();
    await withSite(stand.bench, { allotment: ['10.0.0.0/8'] });
    const before = stand.bench.snapshot();
    const told = await stand.send({ type: 'Create', declared: SITE });
    expect(told.Status).toBe('FAILED');
    expect(told.Reason).toContain(`${BERLIN} exists with another spec, and this stack did not make it`);
    await stand.send({ type: 'Delete', declared: SITE, physicalId: told.PhysicalResourceId });
    expect(stand.bench.snapshot()).toBe(before);
  });
});

describe('an update', () => {
  test('that changes nothing writes nothing', async () => {
    const { stand } = await withBerlin();
    const spec = { ...SITE.spec, kind: 'datacenter' };
    const declared = { ...SITE, spec };
    const told = await stand.send({ type: 'Update', declared, before: SITE, physicalId: BERLIN });
    expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: BERLIN });
    expect(await versionAt(stand, BERLIN)).toBe(1);
  });

  test('beaten by another writer reads again and sets the spec of the template', async () => {
    const { stand } = await withBerlin();
    stand.before.set(`PUT ${BERLIN}`, async () => {
      stand.before.clear();
      await edit(stand.bench, BERLIN, { allotment: ['10.0.0.0/8'] });
    });
    const declared = { ...SITE, spec: { ...SITE.spec, lan: 'masquerade' } };
    const told = await stand.send({ type: 'Update', declared, before: SITE, physicalId: BERLIN });
    expect(told.Status).toBe('SUCCESS');
    expect(await specAt(stand, BERLIN)).toMatchObject(declared.spec);
  });

  test('of the name makes another resource; the old one goes when CloudFormation says so', async () => {
    const { stand } = await withBerlin();
    const declared = { ...SITE, name: 'bern' };
    const told = await stand.send({ type: 'Update', declared, before: SITE, physicalId: BERLIN });
    expect(told.PhysicalResourceId).toBe(`${SITES}/bern`);
    expect(await specAt(stand, BERLIN)).toBeDefined();
    await stand.send({ type: 'Delete', declared: SITE, physicalId: BERLIN });
    expect([await specAt(stand, BERLIN), await specAt(stand, `${SITES}/bern`)]).toEqual([
      undefined,
      expect.objectContaining(SITE.spec),
    ]);
  });

  test('of what was deleted by hand makes it again', async () => {
    const { stand } = await withBerlin();
    await remove(stand.bench, BERLIN);
    const told = await stand.send({ type: 'Update', declared: SITE, before: SITE, physicalId: BERLIN });
    expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: BERLIN });
    expect(await specAt(stand, BERLIN)).toMatchObject(SITE.spec);
  });

  test('that is refused keeps its id, so that CloudFormation deletes nothing', async () => {
    const { stand } = await withBerlin();
    const declared = { ...SITE, spec: { allotment: ['10.0.0.0/8'], prefixes: ['10.0.0.0/9'] } };
    const told = await stand.send({ type: 'Update', declared, before: SITE, physicalId: BERLIN });
    expect(told).toMatchObject({ Status: 'FAILED', PhysicalResourceId: BERLIN });
    expect(told.Reason).toContain('prefix_too_wide');
  });

  test('of the URL takes the same resource for the same, and takes over nothing else', async () => {
    const { stand } = await withBerlin();
    const declared = { ...SITE, spec: { ...SITE.spec, lan: 'masquerade' } };
    const order = { type: 'Update', declared, before: SITE, physicalId: BERLIN } as const;
    const moved = { ...order, properties: { url: 'https://other.example.com' } };
    expect((await stand.send(moved)).Status).toBe('SUCCESS');
    await edit(stand.bench, BERLIN, { allotment: ['192.168.0.0/16'] });
    const told = await stand.send(moved);
    expect(told.Reason).toContain('exists with another spec');
    expect(await specAt(stand, BERLIN)).toMatchObject({ allotment: ['192.168.0.0/16'] });
  });
});

describe('a deletion', () => {
  test('of what is gone is a success, also the second time', async () => {
    const { stand } = await withBerlin();
    for (const _ of [1, 2]) {
      const told = await stand.send({ type: 'Delete', declared: SITE, physicalId: BERLIN });
      expect(told).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: BERLIN });
    }
    expect(await specAt(stand, BERLIN)).toBeUndefined();
  });

  test("of what is in use fails with the API's sentence", async () => {
    const { stand } = await withBerlin();
    await stand.send({ type: 'Create', declared: WEB });
    const told = await stand.send({ type: 'Delete', declared: SITE, physicalId: BERLIN });
    expect(told).toMatchObject({ Status: 'FAILED', PhysicalResourceId: BERLIN });
    expect(told.Reason).toMatch(
      /^The service berlin\/web is at the site berlin\. Delete it first\. \(in_use/,
    );
  });

  test('beaten by another writer, or whose answer was lost, is repeated', async () => {
    const { stand } = await withBerlin();
    stand.before.set(`DELETE ${BERLIN}`, async () => {
      stand.before.clear();
      await edit(stand.bench, BERLIN, { allotment: ['10.0.0.0/8'] });
    });
    stand.faults.push('fine', 'fine', 'fine', 'lost');
    const told = await stand.send({ type: 'Delete', declared: SITE, physicalId: BERLIN });
    expect(told.Status).toBe('SUCCESS');
    expect(await specAt(stand, BERLIN)).toBeUndefined();
  });
});
