/**
 * SCENARIOS 21 on a cloud account: two hubs own a VPC's routes in turns, an emulated EC2 keeps the route tables, and what its tables
 * say becomes the kernel's routes of the VPC's host. Times are printed and never judged here: see `npm run bench:failover`.
 */
import { DescribeRouteTablesCommand, ReplaceRouteCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import {
  accountOf,
  allUp,
  FAILOVER_SITES,
  followRoutes,
  killOwner,
  ownerOf,
  pulse,
  vpcHostOf,
} from './failover.ts';
import { fetchFrom } from './flows.ts';

const HOST = '10.0.0.10';
const POOL = '100.64.0.0/10';
const TABLES = 4;
const STREAM_BYTES = 24_000_000;
const CALM_SECONDS = 20;
/** Routes converge to the one owner within this. */
const CONVERGE_MS_MAX = 5_000;

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'failover',
    hubs: 2,
    sites: FAILOVER_SITES,
    cloud: { routeTables: TABLES },
    onAccount: followRoutes,
  });
  await allUp(estate);
  await eventually(async () => expect(await targets()).toEqual(await allAtOwner()));
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

/** Interface that each route table leads the pool to. */
async function targets(): Promise<(string | undefined)[]> {
  const { RouteTables = [] } = await accountOf(estate).ec2.send(
    new DescribeRouteTablesCommand({ RouteTableIds: [...accountOf(estate).tables] }),
  );
  return RouteTables.map(
    ({ Routes = [] }) => Routes.find((route) => route.DestinationCidrBlock === POOL)?.NetworkInterfaceId,
  );
}

async function allAtOwner(): Promise<(string | undefined)[]> {
  const { index } = await ownerOf(estate);
  return Array.from({ length: TABLES }, () => estate.interfaces[index]);
}

/** A download from Berlin to the VPC that lasts about eight seconds; resolves with the bytes that came. */
async function slowStream(): Promise<string> {
  const url = `http://${await estate.virtual('berlin', HOST)}:${ECHO_HTTP_PORT}/bytes/${STREAM_BYTES}`;
  const command = `curl -fsS --limit-rate 3M --max-time 60 ${url} | wc -c`;
  return (await vpcHostOf(estate).check(['sh', '-c', command], { timeoutMs: 70_000 })).trim();
}

async function reachesBothWays(): Promise<void> {
  const [berlin, cloud] = [
    await estate.virtual('berlin', HOST),
    await estate.virtual('cloud', estate.stage.vpcHost?.address ?? ''),
  ];
  expect(await fetchFrom(vpcHostOf(estate), berlin)).toContain('hello from berlin');
  expect(await fetchFrom(estate.lanHost('berlin'), cloud)).toContain('hello from cloud');
}

/** Cuts the hubs off from each other, and from nothing else. */
async function cutHubs(): Promise<() => Promise<void>> {
  const [one, two] = [estate.hub(0).address, estate.hub(1).address];
  const heals = await Promise.all([
    estate.lab.fault({ from: one, to: two, kind: { drop: true } }),
    estate.lab.fault({ from: two, to: one, kind: { drop: true } }),
  ]);
  return async () => {
    for (const heal of heals) await heal();
  };
}

test('21: the owner is killed under load: the other takes every route, and an established stream lives on', async () => {
  const before = await ownerOf(estate);
  const stream = slowStream();
  const outage = await killOwner(estate);
  console.log(`outage of one kill: ${JSON.stringify(outage)}`);
  expect(await stream).toBe(`${STREAM_BYTES}`);
  const after = await ownerOf(estate);
  expect(after).toEqual({ index: 1 - before.index, epoch: before.epoch + 1 });
  expect(await targets()).toEqual(await allAtOwner());
  await reachesBothWays();
});

test('21: a broken leg between an edge and the owner loses nothing of the VPC in either direction', async () => {
  const { index, epoch } = await ownerOf(estate);
  const { address } = estate.hub(index);
  const router = estate.site('berlin').routerAddress;
  const heals = await Promise.all([
    estate.lab.fault({ from: address, to: router, kind: { drop: true } }),
    estate.lab.fault({ from: router, to: address, kind: { drop: true } }),
  ]);
  try {
    await eventually(async () => {
      const { peers } = await statusOf(estate.site('berlin').edge);
      expect(peers.find(({ name }) => name === `hub${index + 1}`)?.state).toBe('down');
      await reachesBothWays();
    });
    const silence = await pulse(vpcHostOf(estate), await estate.virtual('berlin', HOST), 5);
    expect(silence.answered).toBe(silence.sent);
    expect(await slowStream()).toBe(`${STREAM_BYTES}`);
  } finally {
    for (const heal of heals) await heal();
  }
  await allUp(estate);
  expect((await ownerOf(estate)).epoch).toBe(epoch);
});

test('21: two hubs that live and do not see each other: ownership changes once, the routes follow it, and nothing moves when they see each other again', async () => {
  await allUp(estate);
  const before = await ownerOf(estate);
  const heal = await cutHubs();
  try {
    await eventually(async () => expect((await ownerOf(estate)).epoch).toBe(before.epoch + 1));
    await eventually(async () => expect(await targets()).toEqual(await allAtOwner()), CONVERGE_MS_MAX);
    await pause(CONVERGE_MS_MAX);
    expect((await ownerOf(estate)).epoch).toBe(before.epoch + 1);
    expect(await targets()).toEqual(await allAtOwner());
    await eventually(reachesBothWays);
  } finally {
    await heal();
  }
  await allUp(estate);
  await pause(CONVERGE_MS_MAX);
  expect((await ownerOf(estate)).epoch).toBe(before.epoch + 1);
});

test("21: a stalled former owner's late write is repaired", async () => {
  await allUp(estate);
  const account = accountOf(estate);
  const before = await ownerOf(estate);
  const [former, next] = [estate.interfaces[before.index], estate.interfaces[1 - before.index]];
  const late = { seen: false };
  const release = account.hold(({ body }) => {
    const isLate = body.includes('Action=ReplaceRoute') && body.includes(`${former}`);
    late.seen ||= isLate;
    return isLate;
  });
  // Somebody moves a route away by hand: the owner wants to repair it, and stalls in the middle of the call.
  await account.ec2.send(
    new ReplaceRouteCommand({
      RouteTableId: account.tables[1],
      DestinationCidrBlock: POOL,
      NetworkInterfaceId: next,
    }),
  );
  await eventually(async () => expect(late.seen).toBe(true));
  const heal = await cutHubs();
  try {
    await eventually(async () => expect((await ownerOf(estate)).epoch).toBe(before.epoch + 1));
    await eventually(async () => expect(await targets()).toEqual(await allAtOwner()));
    release();
    await eventually(async () => expect((await targets())[1]).toBe(former), CONVERGE_MS_MAX);
    await eventually(async () => expect(await targets()).toEqual(await allAtOwner()), CONVERGE_MS_MAX);
  } finally {
    release();
    await heal();
  }
  await allUp(estate);
});

test('21: a loaded machine changes no owner and no path', async () => {
  await allUp(estate);
  const before = await ownerOf(estate);
  const loops = [0, 1].map(() => vpcHostOf(estate).spawn(['sh', '-c', 'while :; do :; done']));
  try {
    const silence = await pulse(vpcHostOf(estate), await estate.virtual('berlin', HOST), CALM_SECONDS);
    console.log(`beside two busy loops: ${JSON.stringify(silence)}`);
  } finally {
    await Promise.all(loops.map((loop) => loop.stop()));
  }
  expect(await ownerOf(estate)).toEqual(before);
});
