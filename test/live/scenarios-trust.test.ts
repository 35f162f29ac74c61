/** SCENARIOS 3, 4, 5, 6, 26: rogue edges, a taken-over name, a poisoned document. Nobody but the signing root decides. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startControlPlane } from '../../local/control-plane.ts';
import { Edge } from '../../protocol/edge.ts';
import { Site } from '../../protocol/site.ts';
import { faultsOf, statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { fetchFrom, pings } from './flows.ts';

const HOST = '10.0.0.10';

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'trust',
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24' },
    ],
  });
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

async function trafficFlows(): Promise<void> {
  const tokyo = await estate.virtual('tokyo', HOST);
  expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo');
}

async function allowedIpsAtHub(): Promise<string> {
  const shown = await estate.hub(0).host.check(['wg', 'show', 'all', 'allowed-ips']);
  return shown.split('\n').sort().join('\n');
}

test('3: an edge that advertises foreign prefixes gets none of them, and the refusals are shown', async () => {
  const { edge, edgePath } = estate.site('tokyo');
  const before = await allowedIpsAtHub();
  const path = '/etc/isthmus/agent.json';
  const honest = await edge.read(path);
  const config: unknown = JSON.parse(honest);
  const advertise = ['0.0.0.0/0', '10.0.0.0/25', '10.9.0.0/24', '100.64.0.0/24'];
  await edge.write(path, JSON.stringify({ ...Object(config), advertise }));
  await estate.stopAgent(edge, 'SIGTERM');
  estate.startAgent(edge);
  await eventually(async () => {
    const { status } = await estate.api.get(edgePath, Edge);
    expect(status.refused.map(({ prefix, reason }) => `${prefix} ${reason}`).sort()).toEqual([
      '0.0.0.0/0 too_wide',
      '10.0.0.0/25 narrower',
      '10.9.0.0/24 outside_allotment',
      '100.64.0.0/24 reserved',
    ]);
  });
  expect(await allowedIpsAtHub()).toBe(before);
  await trafficFlows();
  await edge.write(path, honest);
  await estate.stopAgent(edge, 'SIGTERM');
  estate.startAgent(edge);
});

test("4: packets with a foreign source in an edge's tunnel are dropped at the hub and counted for that edge", async () => {
  const [berlin, tokyo] = [estate.site('berlin'), await estate.virtual('tokyo', HOST)];
  const stolen = await estate.virtual('tokyo', '10.0.0.77');
  const sights = async () => (await statusOf(estate.hub(0).host)).peers;
  const before = (await sights()).find(({ name }) => name === 'edge.demo.berlin')?.spoofedPackets ?? 0;
  await berlin.edge.ip(`addr add ${stolen}/32 dev lo`);
  expect(
    (await berlin.edge.run(['ping', '-c', '3', '-i', '0.2', '-W', '1', '-I', stolen, tokyo])).code,
  ).not.toBe(0);
  await berlin.edge.ip(`addr del ${stolen}/32 dev lo`);
  await eventually(async () => {
    const after = (await sights()).find(({ name }) => name === 'edge.demo.berlin')?.spoofedPackets ?? 0;
    expect(after - before).toBe(3);
  });
  await eventually(async () => {
    const { status } = await estate.api.get(berlin.edgePath, Edge);
    expect(status.links[0]?.spoofedPackets ?? 0).toBeGreaterThanOrEqual(3);
  });
  await trafficFlows();
});

test('26: a document that would take the way to the control plane into the tunnel is refused, said so, and traffic goes on', async () => {
  const lan = `${estate.lab.subnet}.0/24`;
  const { edge, path } = estate.site('berlin');
  const spec = { allotment: [lan], prefixes: [lan], native: ['berlin'] };
  await estate.api.create('/v1/tenants/demo/sites', { metadata: { name: 'poison' }, spec }, Site);
  await estate.api.change(path, (site) => ({ ...site, native: ['poison'] }));
  await eventually(async () => {
    const { document, findings } = await statusOf(edge);
    expect(document.refused?.reason ?? findings.map(({ code }) => code).join(' ')).toMatch(
      /guard\.(control_plane|hub_endpoint)/,
    );
  });
  expect(await faultsOf(edge)).toContain('document.refused');
  await trafficFlows();
  await estate.api.change(path, (site) => ({ ...site, native: [] }));
  await estate.api.remove('/v1/tenants/demo/sites/poison');
  await eventually(async () => expect((await statusOf(edge)).document.refused).toBeUndefined());
  await trafficFlows();
});

test('6: under the name of the control plane somebody else answers: nothing is applied, doctor says so, traffic goes on', async () => {
  const { edge } = estate.site('berlin');
  const before = await statusOf(edge);
  await estate.stopControlPlane();
  // The impostor has the TLS key (the name was taken over), but not the signing key.
  const stolen = await mkdtemp(join(tmpdir(), 'isthmus-impostor-'));
  await cp(estate.state, stolen, { recursive: true });
  for (const file of await signingKeyFiles(stolen)) await rm(file);
  const impostor = await startControlPlane(
    {
      state: stolen,
      listen: [{ host: estate.lab.machineAddress, port: 8443 }],
      name: [],
      pool: ['100.64.0.0/10'],
    },
    { log: () => undefined, environment: process.env },
  );
  try {
    await estate.stopAgent(edge, 'SIGTERM');
    estate.startAgent(edge);
    await eventually(async () => expect(await faultsOf(edge)).toContain('control_plane.root'), 60_000);
    expect((await statusOf(edge)).document.applied).toEqual(before.document.applied);
    await trafficFlows();
  } finally {
    await impostor.close();
    await rm(stolen, { recursive: true });
    await estate.startControlPlane();
  }
  await eventually(async () => expect(await faultsOf(edge)).not.toContain('control_plane.root'), 60_000);
});

async function signingKeyFiles(state: string): Promise<string[]> {
  return [join(state, 'signing.key')];
}

test('5: a hub that was taken over can send packets into its tunnels, but no document that an edge would take', async () => {
  const { edge } = estate.site('berlin');
  const hub = estate.hub(0).host;
  const before = (await statusOf(edge)).document.applied;
  const { tunnelAddress = '' } = await statusOf(edge);
  // The hub may nudge as it likes, with any content: an edge then asks the control plane, and only that.
  const flood = `const s=require('node:dgram').createSocket('udp4');let n=0;const t=setInterval(()=>{s.send(JSON.stringify({epoch:99,leaves:{}}),7862,process.argv[1]);if(++n>200){clearInterval(t);s.close();}},5)`;
  await hub.check([process.execPath, '-e', flood, tunnelAddress]);
  expect((await statusOf(edge)).document.applied).toEqual(before);
  expect(await pings(hub, tunnelAddress)).toBe(true);
  // Nor does anything of the edge answer the hub beside probes, nudges and pings.
  const scan = `for p in 22 53 80 443 7863 8443; do nc -z -w 1 ${tunnelAddress} $p && echo open $p; done; true`;
  expect(await hub.check(['sh', '-c', scan])).toBe('');
});
