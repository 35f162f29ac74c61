/**
 * Route tables, prefix lists, owners and discovery by the real clients of AWS against moto, whose EC2 refuses as EC2 does.
 * Between them stands a proxy of ours, which throttles when told to and keeps what was asked.
 *
 * What moto does not show: it forgets the prefix list of a CreateRoute to an interface (what was asked is checked on the
 * wire instead, and replacing and removing such a route for real), it overwrites where EC2 says RouteAlreadyExists, it
 * answers all tables in one page, has no black holes, and takes a change of a prefix list of any version. Those are in
 * test/vpc, against a fake or the client's own exceptions.
 */

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRouteCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreatePrivateDnsNamespaceCommand,
  CreateServiceCommand,
  GetInstancesHealthStatusCommand,
  GetOperationCommand,
  RegisterInstanceCommand,
  ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RouteOwner, RoutesReport } from '../../protocol/slot.ts';
import { createDiscovery } from '../../vpc/discovery.ts';
import { createEc2, type Ec2, lazyEc2 } from '../../vpc/ec2.ts';
import { keepRoutes, moveRoutes, type RouteHands, type RoutesOrder } from '../../vpc/keep.ts';
import { keepPrefixList } from '../../vpc/keep-list.ts';
import { createOwners } from '../../vpc/owners-table.ts';
import type { RouteTableView } from '../../vpc/port.ts';
import { type Ground, idOf, newGateway, newList, newVpc } from '../fixtures/moto/ground.ts';
import { Proxy } from '../fixtures/moto/proxy.ts';
import { type Moto, startMoto } from '../fixtures/moto/start.ts';

const POOL = '100.64.0.0/10';
const TABLES = 40;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'eu-central-1';

let moto: Moto;
let proxy: Proxy;
let admin: EC2Client;
let ec2: Ec2;

beforeAll(async () => {
  moto = await startMoto();
  admin = new EC2Client({ endpoint: moto.url, region, credentials });
  proxy = new Proxy(moto.url);
  ec2 = await createEc2({ endpoint: await proxy.listen(), region, credentials });
});

afterAll(async () => {
  ec2?.close();
  admin?.destroy();
  proxy?.close();
  await moto?.close();
});

function orderTo(ground: Ground, target: string | undefined): RoutesOrder {
  return { vpc: ground.vpc, target, interfaces: [ground.a, ground.b], destinations: [POOL], former: [] };
}

function hands(): RouteHands {
  const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  return { tables: ec2.routeTables, pause, chance: Math.random };
}

function targets(tables: readonly RouteTableView[], destination = POOL): (string | undefined)[] {
  return tables.map(({ routes }) => routes.find((route) => route.destination === destination)?.interface);
}

beforeEach(() => {
  proxy.throttleEvery = 0;
  proxy.throttled = 0;
  proxy.asked.length = 0;
});

describe('route tables', () => {
  test(`are made, moved and cleared in ${TABLES} tables and the main one`, async () => {
    const ground = await newVpc(admin, TABLES);
    const made = await keepRoutes(hands(), orderTo(ground, ground.a));
    expect(made).toMatchObject({ tables: TABLES + 1, moved: TABLES + 1, conflicts: [], failures: [] });
    expect(new Set(targets(await ec2.routeTables.describe(ground.vpc)))).toEqual(new Set([ground.a]));

    const began = performance.now();
    const moved = await moveRoutes(hands(), orderTo(ground, ground.b), made.ours ?? []);
    console.log(`takeover of ${TABLES + 1} tables on moto: ${Math.round(performance.now() - began)} ms`);
    expect(moved).toMatchObject({ tables: TABLES + 1, moved: TABLES + 1, conflicts: [], failures: [] });
    expect(new Set(targets(await ec2.routeTables.describe(ground.vpc)))).toEqual(new Set([ground.b]));

    expect((await keepRoutes(hands(), orderTo(ground, undefined))).failures).toEqual([]);
    expect(new Set(targets(await ec2.routeTables.describe(ground.vpc)))).toEqual(new Set([undefined]));
  });

  test('keep foreign routes: to a gateway, and to an interface that is no slot of ours', async () => {
    const ground = await newVpc(admin, 2);
    const [first = '', second = ''] = ground.tables;
    const gateway = await newGateway(admin);
    const foreign = [
      { table: first, destination: POOL, target: gateway },
      { table: second, destination: POOL, target: ground.stranger },
    ];
    await admin.send(
      new CreateRouteCommand({ RouteTableId: first, DestinationCidrBlock: POOL, GatewayId: gateway }),
    );
    await ec2.routeTables.create(second, POOL, ground.stranger);
    const outcome = await keepRoutes(hands(), orderTo(ground, ground.a));
    expect(outcome).toMatchObject({ tables: 3, moved: 1, failures: [] });
    expect([...outcome.conflicts].sort(byTable)).toEqual([...foreign].sort(byTable));
    const tables = await ec2.routeTables.describe(ground.vpc);
    const left = tables.flatMap(({ id, routes }) => routes.map((route) => ({ table: id, ...route })));
    for (const route of foreign) expect(left).toContainEqual(expect.objectContaining(route));
    await keepRoutes(hands(), orderTo(ground, undefined));
    expect(targets((await ec2.routeTables.describe(ground.vpc)).filter(({ id }) => id === second))).toEqual([
      ground.stranger,
    ]);
  });

  test('are repaired after drift', async () => {
    const ground = await newVpc(admin, 5);
    await keepRoutes(hands(), orderTo(ground, ground.a));
    const [first = '', second = ''] = ground.tables;
    await ec2.routeTables.remove(first, POOL);
    await ec2.routeTables.replace(second, POOL, ground.b);
    expect(await keepRoutes(hands(), orderTo(ground, ground.a))).toMatchObject({ moved: 2, failures: [] });
    expect(new Set(targets(await ec2.routeTables.describe(ground.vpc)))).toEqual(new Set([ground.a]));
    expect(await keepRoutes(hands(), orderTo(ground, ground.a))).toMatchObject({ moved: 0 });
  });

  test('are all done although every third call is throttled', async () => {
    const ground = await newVpc(admin, TABLES);
    proxy.throttleEvery = 3;
    const made = await keepRoutes(hands(), orderTo(ground, ground.a));
    expect(made).toMatchObject({ moved: TABLES + 1, failures: [] });
    const moved = await moveRoutes(hands(), orderTo(ground, ground.b), made.ours ?? []);
    expect(moved).toMatchObject({ moved: TABLES + 1, failures: [] });
    expect(proxy.throttled).toBeGreaterThan(TABLES / 2);
    proxy.throttleEvery = 0;
    expect(new Set(targets(await ec2.routeTables.describe(ground.vpc)))).toEqual(new Set([ground.b]));
  });

  test('answer missing for what is not there', async () => {
    const { tables, a } = await newVpc(admin, 1);
    const [table = ''] = tables;
    const { create, replace, remove } = ec2.routeTables;
    const missing = { name: 'VpcError', code: 'missing' };
    await expect(create('rtb-0123456789abcdef0', POOL, a)).rejects.toMatchObject(missing);
    await expect(create(table, POOL, 'eni-0123456789abcdef0')).rejects.toMatchObject(missing);
    await expect(replace(table, POOL, a)).rejects.toMatchObject(missing);
    await expect(remove(table, POOL)).rejects.toMatchObject(missing);
    await expect(remove('rtb-0123456789abcdef0', POOL)).rejects.toMatchObject(missing);
    await expect(ec2.prefixLists.read('pl-0123456789abcdef0')).rejects.toMatchObject(missing);
  });

  test('answer unreachable where nobody listens, also when loaded at the first call', async () => {
    const nowhere = lazyEc2({ endpoint: 'http://127.0.0.1:9', region, credentials });
    await expect(nowhere.routeTables.describe('vpc-12345678')).rejects.toMatchObject({ code: 'unreachable' });
    nowhere.close();
  });
});

describe('prefix lists', () => {
  const prefixes = Array.from({ length: 230 }, (_, index) => `10.1.${index}.0/24`);

  test('are filled beyond one call, changed, and emptied', async () => {
    const id = await newList(admin, 300);
    const lists = { ...hands(), lists: ec2.prefixLists };
    expect(await keepPrefixList(lists, id, prefixes)).toEqual({ kind: 'kept', changes: 3 });
    expect([...(await ec2.prefixLists.read(id)).entries].sort()).toEqual([...prefixes].sort());
    expect(await keepPrefixList(lists, id, prefixes.slice(5))).toEqual({ kind: 'kept', changes: 1 });
    expect(await ec2.prefixLists.read(id)).toMatchObject({ id, maxEntries: 300 });
    proxy.throttleEvery = 3;
    expect(await keepPrefixList(lists, id, [])).toEqual({ kind: 'kept', changes: 3 });
    proxy.throttleEvery = 0;
    expect((await ec2.prefixLists.read(id)).entries).toEqual([]);
    const versions = proxy.asksOf('ModifyManagedPrefixList').map((asked) => asked.get('CurrentVersion'));
    expect(versions).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  test('too small are refused with a sentence', async () => {
    const id = await newList(admin, 2);
    const outcome = await keepPrefixList({ ...hands(), lists: ec2.prefixLists }, id, prefixes);
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('takes 2:') });
  });

  test('are the destination of a route: asked for as such, turned and removed', async () => {
    const ground = await newVpc(admin, 1);
    const [table = ''] = ground.tables;
    const id = await newList(admin, 10);
    await ec2.routeTables.create(table, id, ground.a);
    expect(Object.fromEntries(proxy.asksOf('CreateRoute')[0] ?? [])).toMatchObject({
      RouteTableId: table,
      DestinationPrefixListId: id,
      NetworkInterfaceId: ground.a,
    });
    expect(proxy.asksOf('CreateRoute')[0]?.has('DestinationCidrBlock')).toBe(false);
    const GatewayId = await newGateway(admin);
    const list = { RouteTableId: table, DestinationPrefixListId: id };
    await admin.send(new CreateRouteCommand({ ...list, GatewayId }));
    await ec2.routeTables.replace(table, id, ground.b);
    const ofTable = async () =>
      (await ec2.routeTables.describe(ground.vpc)).filter((one) => one.id === table);
    expect(targets(await ofTable(), id)).toEqual([ground.b]);
    await ec2.routeTables.remove(table, id);
    expect(targets(await ofTable(), id)).toEqual([undefined]);
  });
});

describe('owners', () => {
  const vpc = 'vpc-12345678';
  const owner: RouteOwner = {
    vpc,
    hub: 'hub-a',
    epoch: 1,
    since: '2026-01-01T00:00:00.000Z',
    reason: 'first',
  };

  test('change by compare-and-set alone, and reports are kept', async () => {
    const client = new DynamoDBClient({ endpoint: moto.url, region, credentials });
    await client.send(
      new CreateTableCommand({
        TableName: 'isthmus',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    const owners = createOwners(client, 'isthmus');
    expect([await owners.read(vpc), await owners.report(vpc)]).toEqual([undefined, undefined]);
    const race = await Promise.all(
      ['hub-a', 'hub-b', 'hub-c'].map((hub) => owners.claim({ ...owner, hub, reason: `${hub} was first` })),
    );
    expect(race.filter((outcome) => outcome === 'claimed')).toHaveLength(1);
    const first = await owners.read(vpc);
    expect(first?.reason).toBe(`${first?.hub} was first`);
    // An answer that was lost: the same claim again is the same claim.
    expect(first && (await owners.claim(first))).toBe('claimed');
    const next = { ...owner, hub: 'hub-d', epoch: 2 };
    expect(await owners.claim({ ...next, epoch: 3 })).toBe('stale');
    expect(await owners.claim(next)).toBe('claimed');
    expect(await owners.claim({ ...next, hub: 'hub-e' })).toBe('stale');
    expect(await owners.read(vpc)).toEqual(next);
    const failures = [{ table: 'rtb-1', destination: POOL, reason: 'test' }];
    const report: RoutesReport = {
      at: owner.since,
      epoch: 2,
      tables: 3,
      moved: 1,
      conflicts: [],
      failures,
    };
    await owners.writeReport(vpc, report);
    expect(await owners.report(vpc)).toEqual(report);
    client.destroy();
  });
});

describe('discovery', () => {
  test('says that a hub takes no traffic, and that it does again', async () => {
    const client = new ServiceDiscoveryClient({ endpoint: moto.url, region, credentials });
    const { vpc } = await newVpc(admin, 0);
    const { OperationId } = await client.send(
      new CreatePrivateDnsNamespaceCommand({ Name: 'isthmus.test', Vpc: vpc }),
    );
    const { Operation } = await client.send(new GetOperationCommand({ OperationId }));
    const { Service } = await client.send(
      new CreateServiceCommand({
        Name: 'hubs',
        NamespaceId: Operation?.Targets?.NAMESPACE,
        HealthCheckCustomConfig: { FailureThreshold: 1 },
      }),
    );
    const service = idOf(Service?.Id);
    const Attributes = { AWS_INSTANCE_IPV4: '10.99.0.10' };
    await client.send(new RegisterInstanceCommand({ ServiceId: service, InstanceId: 'hub-a', Attributes }));
    const discovery = createDiscovery({ endpoint: moto.url, region, credentials });
    const health = async () => {
      const query = new GetInstancesHealthStatusCommand({ ServiceId: service, Instances: ['hub-a'] });
      return (await client.send(query)).Status?.['hub-a'];
    };
    await discovery.setHealth(service, 'hub-a', false);
    expect(await health()).toBe('UNHEALTHY');
    await discovery.setHealth(service, 'hub-a', true);
    expect(await health()).toBe('HEALTHY');
    client.destroy();
  });
});

function byTable(a: { readonly table: string }, b: { readonly table: string }): number {
  return a.table < b.table ? -1 : 1;
}
