/** SCENARIOS 21, 22, 23: a hub dies, a tunnel is half open, a path swallows large packets. Two hubs, two sites. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Host } from '../../local/lab-host.ts';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { faultsOf, statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { fetchFrom } from './flows.ts';

const HOST = '10.0.0.10';
const STREAM_BYTES = 24_000_000;

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'hubs',
    hubs: 2,
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24' },
    ],
    // Idle sites look at their MTU twelve times more seldom than this.
    tuning: { mtuVerifyMs: 1_000 },
  });
  await bothUp();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

async function statesOf(site: string): Promise<Record<string, string>> {
  const { peers } = await statusOf(estate.site(site).edge);
  return Object.fromEntries(peers.map(({ name, state }) => [name, state]));
}

async function bothUp(): Promise<void> {
  await eventually(async () => {
    expect(await statesOf('berlin')).toEqual({ hub1: 'up', hub2: 'up' });
    expect(await statesOf('tokyo')).toEqual({ hub1: 'up', hub2: 'up' });
  }, 40_000);
}

async function activeHubOf(site: string): Promise<number> {
  const { activeHub } = await statusOf(estate.site(site).edge);
  return activeHub === 'hub1' ? 0 : 1;
}

async function flowsBothWays(withinMs = 20_000): Promise<void> {
  const [berlin, tokyo] = [await estate.virtual('berlin', HOST), await estate.virtual('tokyo', HOST)];
  await eventually(async () => {
    expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo');
    expect(await fetchFrom(estate.lanHost('tokyo'), berlin)).toContain('hello from berlin');
  }, withinMs);
}

/** A download that lasts about eight seconds; resolves with the bytes that came. */
async function slowStream(to: string): Promise<string> {
  const url = `http://${to}:${ECHO_HTTP_PORT}/bytes/${STREAM_BYTES}`;
  const command = `curl -fsS --limit-rate 3M --max-time 60 ${url} | wc -c`;
  return (await estate.lanHost('berlin').check(['sh', '-c', command], { timeoutMs: 70_000 })).trim();
}

async function transfer(from: Host, address: string): Promise<string> {
  const url = `http://${address}:${ECHO_HTTP_PORT}/bytes/5000000`;
  return (await from.check(['sh', '-c', `curl -fsS --max-time 30 ${url} | wc -c`])).trim();
}

test('22: a half-open tunnel is seen on both sides, traffic goes on both ways, and it heals alone', async () => {
  const berlin = estate.site('berlin');
  for (const index of [0, 1]) {
    const hub = estate.hub(index);
    const name = `hub${index + 1}`;
    const heal = await estate.lab.fault({
      from: hub.address,
      to: berlin.routerAddress,
      kind: { drop: true },
    });
    try {
      await eventually(async () => expect((await statesOf('berlin'))[name]).toBe('down'));
      await flowsBothWays();
      await eventually(async () => {
        const { peers } = await statusOf(hub.host);
        expect(peers.find((peer) => peer.name === 'edge.demo.berlin')?.via).toBe(`hub${2 - index}`);
      });
    } finally {
      await heal();
    }
    await bothUp();
    await flowsBothWays();
  }
});

test('23: a path that swallows large packets: transfers complete, doctor names it, and it heals alone', async () => {
  const berlin = estate.site('berlin');
  const tokyo = await estate.virtual('tokyo', HOST);
  const heals = await Promise.all([
    estate.lab.fault({ from: berlin.routerAddress, kind: { blackHoleBytes: 1380 } }),
    estate.lab.fault({ to: berlin.routerAddress, kind: { blackHoleBytes: 1380 } }),
  ]);
  try {
    await eventually(async () => {
      expect(await faultsOf(berlin.edge)).toEqual(expect.arrayContaining(['mtu.hub1', 'mtu.hub2']));
    }, 40_000);
    // Both ways: the larger packets come once from Tokyo and once from Berlin.
    expect(await transfer(estate.lanHost('berlin'), tokyo)).toBe('5000000');
    expect(await transfer(estate.lanHost('tokyo'), await estate.virtual('berlin', HOST))).toBe('5000000');
  } finally {
    for (const heal of heals) await heal();
  }
  await eventually(async () => expect(await faultsOf(berlin.edge)).not.toContain('mtu.hub1'), 90_000);
});

test('21: a hub dies under load: an established stream lives on, and traffic flows through the other hub', async () => {
  const tokyo = await estate.virtual('tokyo', HOST);
  await bothUp();
  const dying = await activeHubOf('berlin');
  const stream = slowStream(tokyo);
  await eventually(() => flowsBothWays());
  await estate.hub(dying).host.killAll();
  await flowsBothWays();
  expect(await stream).toBe(`${STREAM_BYTES}`);
  expect(await activeHubOf('berlin')).toBe(1 - dying);
  estate.startAgent(estate.hub(dying).host);
  await bothUp();
});
