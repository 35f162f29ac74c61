/** Hubs with slots: what is theirs alone, how their key comes about, and what their status says of the VPC's routes. */
import { beforeEach, describe, expect, test } from 'vitest';
import { RouteOwner, type RoutesReport } from '../../../protocol/slot.ts';
import { FakeIdentityService } from '../../fakes/identity-service.ts';
import { memoryStore } from '../../fakes/memory-store.ts';
import { type Bench, createBench, createHost, enrolmentOf, START } from './bench.ts';
import { edit, enrol, hubTokenFor, make, remove, report } from './estates.ts';
import { createSlotHub, enrolInstance, hubSpec, slotOf, startInstance, VPC, withCloud } from './instances.ts';

let bench: Bench;
let service: FakeIdentityService;

beforeEach(async () => {
  service = new FakeIdentityService();
  bench = await createBench({ identify: service.identify });
  await withCloud(bench);
});

function conditionOf(hub: { status: { conditions: { type: string }[] } }, type: string) {
  return hub.status.conditions.find((one) => one.type === type);
}

describe('a slot', () => {
  test('gives its hub a WireGuard key before any instance boots', async () => {
    const { json } = await createSlotHub(bench, 'a');
    expect(json.status.wireguardKey).toBe(slotOf('a').publicKey);
    expect(conditionOf(json, 'Enrolled')).toMatchObject({ status: 'False', reason: 'WaitingForAgent' });
    await enrolInstance(bench, startInstance(service, 'a', 'i-00000001'));
    const { json: after } = await bench.call('GET', '/v1/hubs/hub-a');
    expect(conditionOf(after, 'Enrolled')).toMatchObject({ status: 'True' });
  });

  const shared = (['interface', 'role', 'secret', 'publicKey'] as const).map((field) => [field] as const);

  test.each(shared)('has its %s alone, at creation and at replacement', async (field) => {
    await createSlotHub(bench, 'a');
    const slot = { ...slotOf('b'), [field]: slotOf('a')[field] };
    const body = { metadata: { name: 'hub-b' }, spec: hubSpec('b', { slot }) };
    const created = await bench.call('POST', '/v1/hubs', { body });
    await createSlotHub(bench, 'b');
    const replaced = await edit(bench, '/v1/hubs/hub-b', hubSpec('b', { slot }));
    for (const { status, json } of [created, replaced]) {
      expect([status, json.code]).toEqual([422, 'invalid']);
      expect(json.errors[0].pointer).toBe(`/spec/slot/${field}`);
      expect(json.errors[0].detail).toContain('The hub hub-a has this');
    }
  });

  test('may have a role of the same name in another account', async () => {
    await createSlotHub(bench, 'a');
    const slot = slotOf('b', { account: '999999999999', role: slotOf('a').role });
    await make(bench, ['/v1/hubs', 'hub-b'], hubSpec('b', { slot }));
  });

  test('does not take the WireGuard key of a hub that has none', async () => {
    await make(bench, ['/v1/hubs', 'one'], { endpoint: '198.51.100.10:51820' });
    const { host } = await enrol(bench, await hubTokenFor(bench, 'one'));
    const spec = hubSpec('a', { slot: slotOf('a', { publicKey: host.wireguardKey }) });
    const reply = await bench.call('POST', '/v1/hubs', { body: { metadata: { name: 'hub-a' }, spec } });
    expect(reply.json.errors[0].pointer).toBe('/spec/slot/publicKey');
  });

  test('needs the site of its VPC', async () => {
    const { vpc: _, ...spec } = hubSpec('a');
    const reply = await bench.call('POST', '/v1/hubs', { body: { metadata: { name: 'hub-a' }, spec } });
    expect([reply.status, reply.json.errors[0].pointer]).toEqual([422, '/spec/vpc']);
  });

  test('may change its key, and a report of the instance with the old one does not change it back', async () => {
    await createSlotHub(bench, 'a');
    const instance = startInstance(service, 'a', 'i-00000001');
    await enrolInstance(bench, instance);
    const { wireguardKey } = createHost();
    const spec = hubSpec('a', { slot: slotOf('a', { publicKey: wireguardKey }) });
    expect((await edit(bench, '/v1/hubs/hub-a', spec)).json.status.wireguardKey).toBe(wireguardKey);
    expect((await report(bench, { id: 'hub.hub-a', host: instance.host })).status).toBe(204);
    expect((await bench.call('GET', '/v1/hubs/hub-a')).json.status.wireguardKey).toBe(wireguardKey);
  });
});

describe('tokens and slots', () => {
  test('a hub with a slot gets no token, and is told why', async () => {
    await createSlotHub(bench, 'a');
    const reply = await bench.call('POST', '/v1/hubs/hub-a/tokens', { body: { spec: {} } });
    expect([reply.status, reply.json.code]).toEqual([422, 'invalid']);
    expect(reply.json.detail).toContain('its instance enrols by its role');
  });

  test('a token from before the slot is void, also when the slot is gone again', async () => {
    const plain = { endpoint: '198.51.100.10:51820' };
    await make(bench, ['/v1/hubs', 'hub-a'], plain);
    const token = await hubTokenFor(bench, 'hub-a');
    const used = await hubTokenFor(bench, 'hub-a');
    const { host } = await enrol(bench, used);
    expect((await edit(bench, '/v1/hubs/hub-a', hubSpec('a'))).status).toBe(200);
    expect((await edit(bench, '/v1/hubs/hub-a', plain)).status).toBe(200);
    for (const body of [enrolmentOf(createHost(), token), enrolmentOf(host, used)])
      expect((await bench.call('POST', '/v1/enrol', { key: null, body })).json.code).toBe('token_invalid');
  });
});

test('a hub that gets its slot while a host spends its token lets that host in no more', async () => {
  const store = memoryStore();
  let takeSlot: (() => Promise<unknown>) | undefined;
  const own = await createBench({
    store: {
      ...store,
      async replace(item) {
        const outcome = await store.replace(item);
        if (item.key.kind === 'token' && takeSlot !== undefined) {
          const once = takeSlot;
          takeSlot = undefined;
          await once();
        }
        return outcome;
      },
    },
  });
  await withCloud(own);
  await make(own, ['/v1/hubs', 'hub-a'], { endpoint: '198.51.100.10:51820' });
  const token = await hubTokenFor(own, 'hub-a');
  takeSlot = () => edit(own, '/v1/hubs/hub-a', hubSpec('a'));
  const body = enrolmentOf(createHost(), token);
  expect((await own.call('POST', '/v1/enrol', { key: null, body })).json.code).toBe('token_invalid');
  const { json } = await own.call('GET', '/v1/hubs/hub-a');
  expect(json.status.wireguardKey).toBe(slotOf('a').publicKey);
  expect(conditionOf(json, 'Enrolled')).toMatchObject({ status: 'False' });
});

describe('the routes of the VPC', () => {
  const owner: RouteOwner = { vpc: VPC, hub: 'hub-b', epoch: 3, since: START, reason: 'hub-a was silent' };
  const looked: RoutesReport = { at: START, epoch: 3, tables: 4, moved: 0, conflicts: [], failures: [] };

  async function withOwners(found: { owner?: RouteOwner; report?: RoutesReport }) {
    const reads: string[] = [];
    const own = await createBench({
      owners: {
        async read(vpc) {
          reads.push(vpc);
          return found.owner;
        },
        report: async () => found.report,
      },
    });
    await withCloud(own);
    await createSlotHub(own, 'a');
    await createSlotHub(own, 'b');
    return { own, reads };
  }

  test('are told at every hub of the VPC, and asked for once a list', async () => {
    const { own, reads } = await withOwners({ owner, report: looked });
    reads.length = 0;
    const { items } = (await own.call('GET', '/v1/hubs')).json;
    expect(reads).toEqual([VPC]);
    for (const hub of items) {
      expect(hub.status.owner).toEqual(owner);
      expect(conditionOf(hub, 'RoutesInPlace')).toMatchObject({ status: 'True', reason: 'RoutesStand' });
    }
  });

  test('are unknown if a hub wrote an owner that can not be read, and all hubs are shown and can be deleted', async () => {
    const own = await createBench({
      owners: {
        read: async (vpc) => RouteOwner.parse({ vpc, hub: 'hub-a', epoch: 0.5 }),
        report: async () => undefined,
      },
    });
    await withCloud(own);
    await createSlotHub(own, 'a');
    const { status, json } = await own.call('GET', '/v1/hubs');
    expect([status, json.items[0].status.owner]).toEqual([200, undefined]);
    expect(conditionOf(json.items[0], 'RoutesInPlace')).toMatchObject({ status: 'Unknown' });
    expect((await remove(own, '/v1/hubs/hub-a')).status).toBeLessThan(300);
  });

  test('are unknown where nobody looks, and no matter of a hub without a slot', async () => {
    await createSlotHub(bench, 'a');
    await make(bench, ['/v1/hubs', 'one'], { endpoint: '198.51.100.10:51820' });
    const { items } = (await bench.call('GET', '/v1/hubs')).json;
    const [slotted, plain] = items;
    expect(conditionOf(slotted, 'RoutesInPlace')).toMatchObject({ status: 'Unknown', reason: 'NeverLooked' });
    expect(slotted.status.owner).toBeUndefined();
    expect(conditionOf(plain, 'RoutesInPlace')).toBeUndefined();
  });
});
