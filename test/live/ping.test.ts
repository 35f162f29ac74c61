/** `edge-agent ping` on hosts with real WireGuard: times by each hub, another site's virtual address, and the size that a black hole leaves. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Host } from '../../local/lab-host.ts';
import { agentCommand } from './agent-command.ts';
import { statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { pings } from './flows.ts';

const HOST = '10.0.0.10';
const UNDERLAY_BYTES = 1_380;
/** What WireGuard puts around a packet over IPv4, whose length it rounds up to sixteen. */
const AROUND_BYTES = 60;

const Answer = z.looseObject({
  hub: z.string().optional(),
  source: z.string().optional(),
  way: z.string(),
  sent: z.int(),
  answered: z.int(),
  rttMs: z.object({ min: z.number(), avg: z.number(), max: z.number() }).optional(),
  size: z.looseObject({ askedBytes: z.int(), largestBytes: z.int() }).optional(),
  advice: z.array(z.string()),
});

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'ping',
    hubs: 2,
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24' },
    ],
  });
  const tokyo = await estate.virtual('tokyo', HOST);
  await eventually(async () => {
    const { peers } = await statusOf(estate.site('berlin').edge);
    expect(peers.map(({ state }) => state)).toEqual(['up', 'up']);
    expect(await pings(estate.lanHost('berlin'), tokyo)).toBe(true);
  }, 40_000);
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

async function ping(host: Host, ...words: readonly string[]) {
  const { code, stdout, stderr } = await host.run(agentCommand('ping', ...words, '--json'), {
    timeoutMs: 60_000,
  });
  expect(stderr).toBe('');
  return { code, ...Answer.parse(JSON.parse(stdout)) };
}

test('takes times by each hub, by the tunnel to it, and a size that the tunnel takes passes', async () => {
  const { edge } = estate.site('berlin');
  for (const hub of ['hub1', 'hub2']) {
    const told = await ping(edge, hub, '--size', '1420', '--count', '3');
    expect(told).toMatchObject({ code: 0, hub, way: 'tunnel', sent: 3, answered: 3, advice: [] });
    expect(told.size).toMatchObject({ askedBytes: 1_420, largestBytes: 1_420 });
    expect(told.rttMs?.min).toBeGreaterThan(0);
    const larger = await ping(edge, hub, '--size', '1421', '--count', '1');
    expect(larger).toMatchObject({ code: 1, size: { largestBytes: 1_420 } });
  }
});

test("takes another site's virtual address by the hub in use, from an address that its own site shares", async () => {
  const { edge } = estate.site('berlin');
  const { activeHub } = await statusOf(edge);
  const told = await ping(edge, await estate.virtual('tokyo', HOST), '--size', '1400');
  expect(told).toMatchObject({ code: 0, hub: activeHub, answered: 5, size: { largestBytes: 1_400 } });
  expect(told.source).toMatch(/^10\.0\.0\./);
});

test('a hub takes the times to its edges and to its twin', async () => {
  const { host } = estate.hub(0);
  for (const peer of ['edge.demo.berlin', 'hub2'])
    expect(await ping(host, peer, '--size', '1420')).toMatchObject({ code: 0, way: 'tunnel', answered: 5 });
});

test('says the largest size that a black hole leaves, what to do, and that what is away is away', async () => {
  const { edge, routerAddress } = estate.site('berlin');
  const heals = await Promise.all([
    estate.lab.fault({ from: routerAddress, kind: { blackHoleBytes: UNDERLAY_BYTES } }),
    estate.lab.fault({ to: routerAddress, kind: { blackHoleBytes: UNDERLAY_BYTES } }),
  ]);
  try {
    const told = await ping(edge, 'hub1', '--size', '1420');
    expect(told).toMatchObject({ code: 1, answered: 5 });
    const largest = told.size?.largestBytes ?? 0;
    expect(largest).toBeGreaterThan(UNDERLAY_BYTES - AROUND_BYTES - 16);
    expect(largest).toBeLessThanOrEqual(UNDERLAY_BYTES - AROUND_BYTES);
    expect(told.advice[0]).toContain(`${largest} bytes at most`);
    expect(await ping(edge, 'hub1', '--size', `${largest}`)).toMatchObject({ code: 0 });
    expect(await ping(edge, 'hub1', '--size', `${largest + 1}`)).toMatchObject({ code: 1 });
  } finally {
    for (const heal of heals) await heal();
  }
  const silent = await ping(
    edge,
    await estate.virtual('tokyo', '10.0.0.99'),
    '--count',
    '2',
    '--size',
    '1400',
  );
  expect(silent).toMatchObject({ code: 1, answered: 0 });
  expect(silent.size).toBeUndefined();
});

test('what is neither a hub nor an address is wrong usage, and so is a size that no packet has', async () => {
  const { edge } = estate.site('berlin');
  const unknown = await edge.run(agentCommand('ping', 'hub9'));
  expect(unknown).toMatchObject({ code: 2, stdout: expect.stringContaining('hub1, hub2') });
  expect((await edge.run(agentCommand('ping', 'hub1', '--size', '1'))).code).toBe(2);
});
