/** Plans applied to real hosts: wireguard-go, nft and routes in namespaces, with documents written by hand. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { interfaceName } from '../../edge-agent/plan/fingerprint.ts';
import type { Host } from '../../local/lab-host.ts';
import type { PolicyLeaf, TenantLeaf } from '../../protocol/document.ts';
import { eventually } from './eventually.ts';
import {
  applyDocument,
  drive,
  type EdgeMember,
  edgeLeaves,
  type HubVariant,
  hubLeaves,
  type PlanStage,
  type Round,
  raisePlanStage,
  type Variant,
} from './plan-stage.ts';

const HUB_DEVICE = interfaceName('hub.alpha', 'hub.alpha');
const BERLIN_HOST = '100.65.0.10';
const MUNICH_HOST = '100.65.1.10';

let stage: PlanStage;

beforeAll(async () => {
  stage = await raisePlanStage();
  await applyHub();
  for (const edge of stage.edges) await applyEdge(edge);
});

afterAll(async () => {
  await stage?.lab.destroy();
});

async function applyHub(variant: HubVariant = {}): Promise<Round> {
  return applyDocument(stage.hub, hubLeaves(stage, variant));
}

async function applyEdge(edge: EdgeMember, variant: Variant = {}): Promise<Round> {
  return applyDocument(edge, edgeLeaves(stage, edge, variant));
}

function edgeOf(site: string): EdgeMember {
  const found = stage.edges.find((edge) => edge.site === site);
  if (!found) throw new Error(`no edge ${site}`);
  return found;
}

function lanHostOf(site: string): Host {
  const found = stage.raised.sites.find(({ name }) => name === site)?.lanHosts[0]?.host;
  if (!found) throw new Error(`no host at ${site}`);
  return found;
}

/** What the echo server behind an address says; empty if it does not answer. */
async function hello(site: string, address: string, port = 8080): Promise<string> {
  const { stdout } = await lanHostOf(site).run(['curl', '-sS', '-m', '2', `http://${address}:${port}/`]);
  return stdout.trim();
}

async function ping(site: string, address: string): Promise<boolean> {
  const { code } = await lanHostOf(site).run(['ping', '-c', '2', '-i', '0.2', '-W', '1', address]);
  return code === 0;
}

async function counter(host: Host, name: string): Promise<number> {
  const counters = await drive(host, 'counters');
  return Number(Object.entries(counters ?? {}).find(([key]) => key === name)?.[1] ?? Number.NaN);
}

test('two sites with one and the same range reach each other by virtual addresses, and see each other by them', async () => {
  expect(await hello('berlin', MUNICH_HOST)).toBe('hello from munich, you are 100.65.0.10');
  expect(await hello('munich', BERLIN_HOST)).toBe('hello from berlin, you are 100.65.1.10');
  expect(await ping('berlin', MUNICH_HOST)).toBe(true);
  expect(await ping('munich', BERLIN_HOST)).toBe(true);
});

test('a second round finds nothing to do', async () => {
  expect((await applyHub()).steps).toEqual([]);
  for (const edge of stage.edges) expect((await applyEdge(edge)).steps).toEqual([]);
});

test('a site of another tenant is refused by the hub, and its counter moves', async () => {
  const before = await counter(stage.hub.host, 'tenant_denied');
  expect(await ping('rogue', BERLIN_HOST)).toBe(false);
  expect(await hello('rogue', BERLIN_HOST)).toBe('');
  expect(await counter(stage.hub.host, 'tenant_denied')).toBeGreaterThan(before);
});

test("scenario 4: a source address that is not the edge's own is dropped at the hub and counted for that edge", async () => {
  const rogue = edgeOf('rogue');
  const device = interfaceName(rogue.agent, 'alpha');
  await rogue.host.ip(`addr add 100.65.1.99/32 dev ${device}`);
  const spoof = ['ping', '-c', '5', '-i', '0.2', '-W', '1', '-I', '100.65.1.99', BERLIN_HOST];
  expect((await rogue.host.run(spoof)).code).not.toBe(0);
  const sights = await drive(stage.hub.host, 'peers', HUB_DEVICE);
  await rogue.host.ip(`addr del 100.65.1.99/32 dev ${device}`);
  expect(sights).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ publicKey: rogue.publicKey, spoofedPackets: 5 }),
      expect.objectContaining({ publicKey: edgeOf('munich').publicKey, spoofedPackets: 0 }),
    ]),
  );
});

test('scenario 23: segments are clamped to the tunnel, whatever the LAN says', async () => {
  const munich = lanHostOf('munich');
  const capture = munich.spawn([
    'tcpdump',
    '-lnvi',
    'eth0',
    '-c',
    '1',
    'tcp[tcpflags] & tcp-syn != 0 and dst port 8080',
  ]);
  await eventually(async () => expect(capture.output()).toContain('listening on'));
  await hello('berlin', MUNICH_HOST);
  await capture.exited;
  expect(capture.output()).toContain('mss 1380');
});

const LISTED: PolicyLeaf = {
  kind: 'policy',
  inbound: 'listed',
  flows: [{ from: ['100.65.0.0/24'], to: [`${MUNICH_HOST}/32`], ports: [{ protocol: 'tcp', port: 8080 }] }],
};

test('a listed flow passes, another port does not, and its counter moves', async () => {
  const munich = edgeOf('munich');
  const steps = (await applyEdge(munich, { policy: LISTED })).steps;
  expect(steps).toEqual([expect.stringMatching(/^Load firewall/)]);
  expect(await hello('berlin', MUNICH_HOST)).toContain('munich');
  expect(await ping('berlin', MUNICH_HOST)).toBe(false);
  expect(await counter(munich.host, 'policy_denied')).toBeGreaterThan(0);
  expect(await hello('munich', BERLIN_HOST)).toContain('berlin');
});

test('what is guarded takes a caller as well, at its ports alone, and cuts a running connection of anybody else', async () => {
  const munich = edgeOf('munich');
  const guarded = [{ to: [`${MUNICH_HOST}/32`], ports: [] }];
  const policy: PolicyLeaf = { kind: 'policy', inbound: 'tenant', flows: [], guarded };
  const running = longLived(lanHostOf('berlin'), MUNICH_HOST);
  await eventually(async () => expect(running.answers()).toBeGreaterThan(3));
  await applyEdge(munich, { policy: { ...policy, callers: [] } });
  const cutAt = running.answers();
  expect(await hello('berlin', MUNICH_HOST)).toBe('');
  expect(running.answers()).toBeLessThanOrEqual(cutAt + 1);
  running.stop();
  await applyEdge(munich, { policy: { ...policy, callers: LISTED.flows } });
  expect(await hello('berlin', MUNICH_HOST)).toContain('munich');
  expect(await ping('berlin', MUNICH_HOST)).toBe(false);
  expect(await hello('munich', BERLIN_HOST)).toContain('berlin');
  await applyEdge(munich);
});

test('what is confined begins nothing there, is reached from there, and begins elsewhere', async () => {
  const munich = edgeOf('munich');
  const confined = { from: ['10.0.0.10/32'], to: ['100.65.0.0/24'] };
  await applyEdge(munich, { policy: { kind: 'policy', inbound: 'tenant', flows: [], confined } });
  expect(await hello('munich', BERLIN_HOST)).toBe('');
  expect(await hello('berlin', MUNICH_HOST)).toContain('munich');
  await applyEdge(munich, {
    policy: {
      kind: 'policy',
      inbound: 'tenant',
      flows: [],
      confined: { ...confined, to: ['100.70.0.0/24'] },
    },
  });
  expect(await hello('munich', BERLIN_HOST)).toContain('berlin');
  await applyEdge(munich);
});

test('a policy that forbids a running connection cuts it at once, and other connections live on', async () => {
  const munich = edgeOf('munich');
  await applyEdge(munich);
  const forbidden = longLived(lanHostOf('berlin'), MUNICH_HOST);
  const allowed = longLived(lanHostOf('munich'), BERLIN_HOST);
  await eventually(async () => expect(Math.min(forbidden.answers(), allowed.answers())).toBeGreaterThan(3));
  await applyEdge(munich, { policy: { kind: 'policy', inbound: 'listed', flows: [] } });
  const cutAt = forbidden.answers();
  const aliveAt = allowed.answers();
  await eventually(async () => expect(allowed.answers()).toBeGreaterThan(aliveAt + 10));
  expect(forbidden.answers()).toBeLessThanOrEqual(cutAt + 1);
  for (const running of [forbidden, allowed]) running.stop();
  await applyEdge(munich);
});

/** One connection with a request every 50 ms. */
function longLived(host: Host, address: string) {
  const script = `const s = require('node:net').connect(8080, '${address}');
    setInterval(() => s.write('GET / HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n'), 50);
    s.on('data', () => console.log('answer')); s.on('close', () => process.exit());`;
  const running = host.spawn([process.execPath, '-e', script]);
  return {
    answers: () => running.output().split('answer').length - 1,
    stop: () => running.signal('SIGKILL'),
  };
}

test('an isolated tenant exchanges packets between its pairs only', async () => {
  const acme: TenantLeaf = { kind: 'tenant', tenant: 'acme', isolation: 'isolated', pairs: [], native: [] };
  await applyHub({ tenants: [acme] });
  expect(await ping('berlin', MUNICH_HOST)).toBe(false);
  expect(await counter(stage.hub.host, 'policy_denied')).toBeGreaterThan(0);
  await applyHub({ tenants: [{ ...acme, pairs: [{ from: '100.65.0.0/24', to: '100.65.1.0/24' }] }] });
  expect(await ping('berlin', MUNICH_HOST)).toBe(true);
  await applyHub();
});

test('a VPC behind the hub is translated there, reached by its own tenant only, and isolated with it', async () => {
  const cloud = stage.raised.vpcHost?.host;
  if (!cloud) throw new Error('the stage has no VPC');
  expect(await hello('berlin', '100.70.0.10')).toBe('');
  expect((await applyHub({ vpc: true })).failed).toBeUndefined();
  expect(await hello('berlin', '100.70.0.10')).toBe('hello from cloud, you are 100.65.0.10');
  expect(await hello('rogue', '100.70.0.10')).toBe('');
  const outward = ['curl', '-sS', '-m', '2', `http://${MUNICH_HOST}:8080/`];
  expect((await cloud.run(outward)).stdout).toContain('hello from munich, you are 100.70.0.10');
  expect((await cloud.run(['curl', '-sS', '-m', '2', 'http://100.65.2.10:8080/'])).code).not.toBe(0);
  const acme: TenantLeaf = { kind: 'tenant', tenant: 'acme', isolation: 'isolated', pairs: [], native: [] };
  await applyHub({ vpc: true, tenants: [acme] });
  expect(await hello('berlin', '100.70.0.10')).toBe('');
  expect((await cloud.run(outward)).code).not.toBe(0);
  await applyHub();
});

test('a native route is not translated', async () => {
  const berlin = edgeOf('berlin');
  const far = { ...edgeOf('rogue'), tenant: 'acme' };
  const joined = [berlin, edgeOf('munich'), far];
  const pair = { from: berlin.real, to: far.real };
  const acme: TenantLeaf = { kind: 'tenant', tenant: 'acme', isolation: 'open', pairs: [], native: [pair] };
  const native = { berlin: [berlin.real], rogue: [far.real] };
  const hub = await applyDocument(
    stage.hub,
    hubLeaves({ ...stage, edges: joined }, { tenants: [acme], native }),
  );
  await applyDocument(berlin, edgeLeaves(stage, berlin, { native: [far.real] }));
  await applyDocument(far, edgeLeaves(stage, far, { native: [berlin.real] }));
  await lanHostOf('berlin').ip('route add 10.9.0.0/24 via 10.0.0.2');
  await lanHostOf('rogue').ip('route add 10.0.0.0/24 via 10.9.0.2');
  expect(hub.failed).toBeUndefined();
  expect(await hello('berlin', '10.9.0.10')).toBe('hello from rogue, you are 10.0.0.10');
  expect(await hello('rogue', '10.0.0.10')).toBe('hello from berlin, you are 10.9.0.10');
  await applyHub();
  await applyEdge(edgeOf('berlin'));
  expect((await applyEdge(edgeOf('rogue'))).done).toBeGreaterThan(0);
  expect(await hello('berlin', '10.9.0.10')).toBe('');
});

test('with lan: masquerade, hosts that have no route back answer through the edge', async () => {
  const munich = lanHostOf('munich');
  await munich.ip('route del 100.64.0.0/10');
  expect(await ping('berlin', MUNICH_HOST)).toBe(false);
  await applyEdge(edgeOf('munich'), { lan: 'masquerade' });
  expect(await hello('berlin', MUNICH_HOST)).toBe('hello from munich, you are 10.0.0.2');
  await munich.ip('route add 100.64.0.0/10 via 10.0.0.2');
  await applyEdge(edgeOf('munich'));
});

const DRIFTS = [
  ['a rule was added', 'add rule ip isthmus inbound accept'],
  ['a chain was flushed', 'flush chain ip isthmus site'],
  ['the table was deleted', 'delete table ip isthmus'],
  ['a set lost an element', 'delete element ip isthmus own_virtual { 100.65.0.0/24 }'],
] as const;

test.each(DRIFTS)('%s: the firewall is loaded again', async (_what, change) => {
  const berlin = edgeOf('berlin');
  await berlin.host.nft(`${change}\n`);
  const { steps } = await applyEdge(berlin);
  expect(steps[0]).toMatch(/^Load firewall/);
  expect((await applyEdge(berlin)).steps).toEqual([]);
  expect(await ping('berlin', MUNICH_HOST)).toBe(true);
});

test('a daemon that died is started again, and its routes are set', async () => {
  const berlin = edgeOf('berlin');
  const device = interfaceName(berlin.agent, 'alpha');
  await berlin.host.check(['sh', '-c', `kill -9 $(cat /run/isthmus/${device}.pid)`]);
  await eventually(async () =>
    expect((await berlin.host.run(['ip', 'link', 'show', device])).code).not.toBe(0),
  );
  expect((await applyEdge(berlin)).failed).toBeUndefined();
  expect((await applyEdge(berlin)).steps).toEqual([]);
  await eventually(async () => expect(await ping('berlin', MUNICH_HOST)).toBe(true));
});

test('scenario 3: a document that takes the LAN into the tunnel is refused, and nothing changes', async () => {
  const berlin = edgeOf('berlin');
  const round = await applyEdge(berlin, { native: ['10.0.0.0/16'] });
  expect(round.refused?.map(({ code }) => code)).toEqual(expect.arrayContaining(['guard.own_lan']));
  expect((await applyEdge(berlin)).steps).toEqual([]);
});
