/** The scheduled keeper of VPC routes: arbitration, native prefixes from the hubs' documents, reports, and clearing up. */
import { describe, expect, test } from 'vitest';
import { compileAgents } from '../../../functions/reconcile/compile.ts';
import { createVpcKeeper } from '../../../functions/reconcile/vpc.ts';
import type { Item } from '../../../functions/store/port.ts';
import type { RouteOwner, RoutesReport, Slot } from '../../../protocol/slot.ts';
import type { Owners } from '../../../vpc/port.ts';
import { FakeEc2 } from '../../fakes/route-tables.ts';
import { deleted, deployment, edgeItem, fill, hubItem, START, siteItem, tenantItem } from './deployment.ts';

const VPC = 'vpc-12345678';
const POOL = '100.64.0.0/10';
const LIST = 'pl-12345678';
const A = 'eni-aaaaaaaa';
const B = 'eni-bbbbbbbb';

function slot(interfaceId: string, more: Partial<Slot> = {}): Slot {
  return {
    account: '123456789012',
    role: 'isthmus-hub',
    vpc: VPC,
    interface: interfaceId,
    address: '10.99.0.10',
    publicKey: `${'A'.repeat(43)}=`,
    secret: 'isthmus/hub',
    queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/hub',
    table: 'isthmus',
    prefixList: LIST,
    ...more,
  };
}

function slotHub(name: string, interfaceId: string, more: Partial<Slot> = {}): Item<'hub'> {
  const item = hubItem(name, name === 'hub-a' ? '100.64.0.1' : '100.64.0.2');
  const vpc = { tenant: 'main', site: 'cloud' };
  return {
    ...item,
    spec: { ...item.spec, vpc, slot: slot(interfaceId, more) },
    internal: { identityKey: `identity of ${name}` },
  };
}

/** A VPC site and a data center that reach each other by real addresses. */
function nativeSites(): Item<'site'>[] {
  const cloud = siteItem('main', 'cloud', [{ real: '10.99.0.0/16', virtual: '100.65.0.0/16' }]);
  const oslo = siteItem('main', 'oslo', [{ real: '10.1.0.0/24', virtual: '100.66.0.0/24' }]);
  return [
    { ...cloud, spec: { ...cloud.spec, kind: 'vpc', native: ['oslo'] } },
    { ...oslo, spec: { ...oslo.spec, native: ['cloud'] } },
  ];
}

class MemoryOwners implements Owners {
  owner: RouteOwner | undefined;
  last: RoutesReport | undefined;
  writes = 0;

  read(): Promise<RouteOwner | undefined> {
    return Promise.resolve(this.owner);
  }

  claim(owner: RouteOwner): Promise<'claimed' | 'stale'> {
    if ((this.owner?.epoch ?? 0) !== owner.epoch - 1) return Promise.resolve('stale');
    this.owner = owner;
    return Promise.resolve('claimed');
  }

  report(): Promise<RoutesReport | undefined> {
    return Promise.resolve(this.last);
  }

  writeReport(_: string, report: RoutesReport): Promise<void> {
    this.last = report;
    this.writes += 1;
    return Promise.resolve();
  }
}

async function vpcWorld(items: readonly Item[] = []) {
  const world = deployment();
  const ec2 = new FakeEc2([A, B]);
  ec2.addList(LIST, { maxEntries: 100 });
  for (const table of ['rtb-1', 'rtb-2']) ec2.addTable(table, { vpc: VPC });
  const owners = new MemoryOwners();
  await fill(world.store, [tenantItem('main'), slotHub('hub-a', A), slotHub('hub-b', B), ...items]);
  const { clock, pause } = world.dependencies;
  const keeper = createVpcKeeper({
    store: world.store,
    blobs: { get: (hash) => Promise.resolve(world.blobs.get(hash)) },
    deployment: { pools: [POOL] },
    routeTables: ec2,
    prefixLists: ec2,
    owners,
    clock,
    pause,
  });
  const lives = (name: string) => world.store.writeLiveness(`hub.${name}`, clock.now(), { peers: [] });
  const compile = () => compileAgents(world.dependencies, ['hub.hub-a', 'hub.hub-b']);
  return { ...world, ec2, owners, keeper, lives, compile };
}

describe('the keeper of VPC routes', () => {
  test('asks EC2 and the table of owners nothing while no hub has a slot', async () => {
    const world = deployment();
    await fill(world.store, [hubItem('a')]);
    const refuse = () => Promise.reject(new Error('not to be asked'));
    const keeper = createVpcKeeper({
      ...world.dependencies,
      blobs: { get: refuse },
      routeTables: { describe: refuse, create: refuse, replace: refuse, remove: refuse },
      prefixLists: { read: refuse, modify: refuse },
      owners: { read: refuse, claim: refuse, report: refuse, writeReport: refuse },
    });
    expect(await keeper.keep()).toEqual([]);
  });

  test('waits for a hub that is alive', async () => {
    const { keeper, ec2, owners } = await vpcWorld();
    expect(await keeper.keep()).toEqual([]);
    expect([ec2.calls, owners.owner]).toEqual([[], undefined]);
  });

  test('gives no routes to a hub that has not enrolled', async () => {
    const hub = slotHub('hub-c', B, { vpc: 'vpc-87654321' });
    const { keeper, lives } = await vpcWorld([{ ...hub, internal: {} }]);
    await lives('hub-c');
    expect(await keeper.keep()).toEqual([]);
  });

  test('gives the routes to the first live hub, and fills the list with what its document says is native', async () => {
    const { keeper, ec2, owners, lives, compile } = await vpcWorld(nativeSites());
    await compile();
    await lives('hub-b');
    const [report] = await keeper.keep();
    expect(report).toEqual({ at: START, epoch: 1, tables: 2, moved: 4, conflicts: [], failures: [] });
    expect(owners.owner).toMatchObject({ vpc: VPC, hub: 'hub-b', epoch: 1, since: START });
    expect(owners.last).toEqual(report);
    expect(ec2.entriesOf(LIST)).toEqual(['10.1.0.0/24']);
    expect([ec2.targetsOf(POOL), ec2.targetsOf(LIST)]).toEqual([
      [B, B],
      [B, B],
    ]);
  });

  test('takes the route to the list away when nothing is native any more', async () => {
    const [cloud, oslo] = nativeSites();
    if (!cloud || !oslo) throw new Error('two sites');
    const { keeper, ec2, store, lives, compile } = await vpcWorld([cloud, oslo]);
    await compile();
    await lives('hub-a');
    await keeper.keep();
    expect(ec2.targetsOf(LIST)).toEqual([A, A]);
    await store.replace({ ...oslo, version: 2, spec: { ...oslo.spec, native: [] } });
    await compile();
    await keeper.keep();
    expect(ec2.targetsOf(LIST)).toEqual([undefined, undefined]);
    expect(ec2.entriesOf(LIST)).toEqual([]);
    expect(ec2.targetsOf(POOL)).toEqual([A, A]);
  });

  test("leaves the list as it is while the hubs' documents can't be read, says so, and keeps the pools", async () => {
    const { keeper, ec2, lives, compile, blobs } = await vpcWorld(nativeSites());
    await compile();
    blobs.clear();
    ec2.drift('rtb-1', LIST, A);
    await lives('hub-a');
    const [report] = await keeper.keep();
    expect(report?.failures).toMatchObject([{ table: VPC, destination: 'native prefixes' }]);
    expect(ec2.targetsOf(LIST)).toEqual([A, undefined]);
    expect(ec2.targetsOf(POOL)).toEqual([A, A]);
    expect(ec2.count('modify')).toBe(0);
  });

  test('moves the routes from a silent owner to the live hub, and says why', async () => {
    const { keeper, ec2, owners, lives, pass } = await vpcWorld();
    await lives('hub-a');
    await keeper.keep();
    pass(95);
    await lives('hub-b');
    await keeper.keep();
    expect(owners.owner).toMatchObject({
      hub: 'hub-b',
      epoch: 2,
      reason: 'The control plane: hub-a has been silent for 95 seconds',
    });
    expect(ec2.targetsOf(POOL)).toEqual([B, B]);
  });

  test('undoes a split: routes go to the owner that the table names', async () => {
    const { keeper, ec2, owners, lives } = await vpcWorld();
    await Promise.all(['hub-a', 'hub-b'].map(lives));
    owners.owner = { vpc: VPC, hub: 'hub-b', epoch: 3, since: START, reason: 'test' };
    ec2.drift('rtb-1', POOL, A);
    ec2.drift('rtb-2', POOL, B);
    expect(await keeper.keep()).toMatchObject([{ epoch: 3, moved: 1 }]);
    expect(ec2.targetsOf(POOL)).toEqual([B, B]);
  });

  test('does not undo a takeover that happens while it writes', async () => {
    const { keeper, ec2, owners, lives, compile } = await vpcWorld();
    await compile();
    await Promise.all(['hub-a', 'hub-b'].map(lives));
    const release = ec2.holdNext('create');
    const keeping = keeper.keep();
    while (ec2.count('create') === 0) await new Promise((resolve) => setImmediate(resolve));
    await owners.claim({ vpc: VPC, hub: 'hub-b', epoch: 2, since: START, reason: 'hub-b took over' });
    release();
    expect(await keeping).toMatchObject([{ epoch: 2, failures: [] }]);
    expect(ec2.targetsOf(POOL)).toEqual([B, B]);
  });

  test('writes a report when it says something new, or once in ten minutes', async () => {
    const { keeper, ec2, owners, lives, pass } = await vpcWorld();
    const look = async () => {
      await lives('hub-a');
      await keeper.keep();
      return owners.writes;
    };
    // Routes were made; then none were; then the same again.
    expect([await look(), await look(), await look()]).toEqual([1, 2, 2]);
    pass(599);
    expect(await look()).toBe(2);
    pass(1);
    expect(await look()).toBe(3);
    ec2.drift('rtb-1', POOL, 'igw-1');
    expect(await look()).toBe(4);
    expect(owners.last?.conflicts).toEqual([{ table: 'rtb-1', destination: POOL, target: 'igw-1' }]);
  });

  test('says that the list is too small, and keeps the rest', async () => {
    const { keeper, ec2, lives, compile } = await vpcWorld(nativeSites());
    ec2.addList(LIST, { maxEntries: 0 });
    await compile();
    await lives('hub-a');
    const [report] = await keeper.keep();
    expect(report?.failures).toMatchObject([
      { destination: LIST, reason: expect.stringContaining('takes 0') },
    ]);
    expect(ec2.targetsOf(POOL)).toEqual([A, A]);
  });

  test('passes over hubs that are being deleted', async () => {
    const { keeper, store, lives, ec2 } = await vpcWorld();
    await Promise.all(['hub-a', 'hub-b'].map(lives));
    for (const [name, eni] of [
      ['hub-a', A],
      ['hub-b', B],
    ] as const)
      await store.replace(deleted(slotHub(name, eni), START));
    expect(await keeper.keep()).toEqual([]);
    expect(ec2.calls).toEqual([]);
  });

  test('clears a VPC of our routes and entries, of hubs in deletion or handed in too, and of nothing else', async () => {
    const { keeper, store, ec2, lives, compile } = await vpcWorld([
      ...nativeSites(),
      edgeItem('main', 'oslo'),
    ]);
    await compile();
    await lives('hub-a');
    await keeper.keep();
    ec2.drift('rtb-2', POOL, 'igw-1');
    ec2.drift('rtb-1', '192.168.0.0/16', A);
    await store.replace(deleted(slotHub('hub-a', A), START));
    expect(await keeper.clear(VPC, [slot(B)])).toEqual({ tables: 2, failures: [] });
    expect(ec2.targetsOf(POOL)).toEqual([undefined, 'igw-1']);
    expect(ec2.targetsOf(LIST)).toEqual([undefined, undefined]);
    expect(ec2.targetsOf('192.168.0.0/16')).toEqual([A, undefined]);
    expect(ec2.entriesOf(LIST)).toEqual([]);
  });
});
