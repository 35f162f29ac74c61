/**
 * One pool over two sites with different orchestrators, by the API alone: Kubernetes in one, plain Docker engines on the LAN in the other. Each container has
 * an address of the range of its cluster, none is had twice, and what is given back is there for others.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Pool } from '../../protocol/pool.ts';
import { type DockerEngines, enginesOn } from '../fixtures/docker/engines.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { raiseNodeAgents } from './kube-pools-stand.ts';
import { attachCluster, servingApp } from './kube-site.ts';

const LAN = '10.0.0.0/24';
/** Routed to nodes, where Kubernetes is. */
const POOLS = '10.0.5.0/24';
const RANGES = [
  { cluster: 'prod', prefix: '10.0.5.4/30' },
  { cluster: 'plain', prefix: '10.0.0.128/30' },
];
const INSIDE = { prod: /^10\.0\.5\.[4-7]$/, plain: /^10\.0\.0\.1(28|29|30|31)$/ };
const UP_MS_MAX = 90_000;
/** So many replicas in each: the planner does not count free addresses. */
const SPEC = servingApp(['prod', 'plain'], { pool: 'front' });

let estate: Estate;
let berlin: KubeCluster;
let tokyo: DockerEngines;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'upgpl',
    sites: [
      {
        name: 'berlin',
        lan: LAN,
        lanHosts: 2,
        spec: { allotment: ['10.0.0.0/16'], prefixes: [LAN, POOLS] },
      },
      { name: 'tokyo', lan: LAN, lanHosts: 2 },
    ],
  });
  const places = estate.site('tokyo').lanHosts.map(({ host, address }) => ({ host, address, labels: {} }));
  [berlin, tokyo] = await Promise.all([
    attachCluster(estate, { site: 'berlin', name: 'prod' }),
    enginesOn(places, { name: 'upgplt' }),
  ]);
  await raiseNodeAgents(berlin);
  const engines = tokyo.engines.flatMap(({ name, socket }) => ['--engine', `${name}=unix://${socket}`]);
  const words = ['cluster', 'add', 'docker', 'plain', ...engines, '--lan', `eth0=${LAN}`] as const;
  await estate.site('tokyo').edge.check(agentCommand(...words));
  await eventually(async () => {
    const { status } = await estate.api.get('/v1/tenants/demo/clusters/plain', Cluster);
    if (status.facts === undefined) throw new Error('it has told of nothing yet');
  }, 40_000);
  const body = { metadata: { name: 'front' }, spec: { ranges: RANGES } };
  await estate.api.create('/v1/tenants/demo/pools', body, Pool);
}, 300_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    const [pool, apps] = await Promise.all([
      estate.api.send('GET', '/v1/tenants/demo/pools/front'),
      estate.api.send('GET', '/v1/tenants/demo/apps'),
    ]);
    console.error(pool.text, apps.text, await estate.describe());
  });
});

afterAll(async () => {
  await tokyo?.close();
  await berlin?.close();
  await estate?.destroy();
});

const pathOf = (app: string) => `/v1/tenants/demo/apps/${app}`;

function make(app: string, replicas: number) {
  return estate.api.create(
    '/v1/tenants/demo/apps',
    { metadata: { name: app }, spec: { ...SPEC, replicas } },
    App,
  );
}

/** `CLUSTER ADDRESS` of every container that is ready, of all these apps. */
async function addressesOf(...apps: readonly string[]): Promise<string[]> {
  const all = await Promise.all(apps.map((app) => estate.api.get(pathOf(app), App)));
  return all.flatMap(({ status }) =>
    status.instances.flatMap(({ cluster, containers }) =>
      containers.filter(({ state }) => state === 'ready').map(({ address }) => `${cluster} ${address}`),
    ),
  );
}

async function pool() {
  return (await estate.api.get('/v1/tenants/demo/pools/front', Pool)).status;
}

function expectNoneTwice(addresses: readonly string[]): void {
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const [cluster, address] of addresses.map((line) => line.split(' ')))
    expect(address).toMatch(INSIDE[cluster === 'prod' ? 'prod' : 'plain']);
}

test('an app over both has addresses of the pool, which tells of each once', async () => {
  await make('web', 2);
  const addresses = await eventually(async () => {
    const found = await addressesOf('web');
    expect(found.map((line) => line.split(' ')[0]).sort()).toEqual(['plain', 'plain', 'prod', 'prod']);
    return found.sort();
  }, UP_MS_MAX);
  expectNoneTwice(addresses);
  await eventually(async () => {
    const { size, free, reservations, conditions } = await pool();
    const told = reservations.map(({ cluster, address }) => `${cluster} ${address}`).sort();
    const free_ = conditions.find(({ type }) => type === 'Free');
    expect([size, free, free_?.reason, told]).toEqual([8, 4, 'Free', addresses]);
  }, 60_000);
});

test('what takes the place of a container that is gone has one of the pool as well', async () => {
  const [pod = ''] = (
    await berlin.kube(['-n', 'demo', 'get', 'pods', '-l', 'isthmus.dev/app=web', '-o', 'name'])
  ).split('\n');
  await berlin.kube(['-n', 'demo', 'delete', pod, '--wait=true']);
  const running = async () =>
    (
      await Promise.all(
        tokyo.engines.map(({ docker }) => docker('ps', '-q', '--filter', 'label=isthmus.dev/app=web')),
      )
    ).map((text) => text.split('\n').filter((id) => id !== ''));
  const removed = await running();
  for (const [index, { docker }] of tokyo.engines.entries())
    for (const id of removed[index] ?? []) await docker('rm', '-f', id);
  await eventually(async () => {
    const pods = await berlin.kube(['-n', 'demo', 'get', 'pods', '-l', 'isthmus.dev/app=web', '-o', 'name']);
    expect(pods).not.toContain(pod);
    // What was told may be of those that are gone.
    const fresh = (await running()).flat();
    expect([fresh.length, fresh.filter((id) => removed.flat().includes(id))]).toEqual([2, []]);
    const found = await addressesOf('web');
    expect(found).toHaveLength(4);
    expectNoneTwice(found);
  }, UP_MS_MAX);
});

test('where there are no more, the pool and the app say so, and what runs is not disturbed', async () => {
  const before = (await addressesOf('web')).sort();
  await make('more', 3);
  await eventually(async () => {
    const found = await addressesOf('web', 'more');
    expect(found).toHaveLength(8);
    expectNoneTwice(found);
    const { free, conditions } = await pool();
    const told = conditions.find(({ type }) => type === 'Free');
    expect([free, told?.status, told?.reason]).toEqual([0, 'False', 'Exhausted']);
    const { status } = await estate.api.get(pathOf('more'), App);
    const waiting = status.instances.flatMap(({ cluster, containers }) =>
      containers.filter(({ reason }) => reason === 'address_pending').map(() => cluster),
    );
    expect([waiting.sort(), status.conditions[0]?.status]).toEqual([['plain', 'prod'], 'False']);
  }, UP_MS_MAX);
  expect((await addressesOf('web')).sort()).toEqual(before);
  for (const cluster of ['prod', 'plain']) {
    const { status } = await estate.api.get(`/v1/tenants/demo/clusters/${cluster}`, Cluster);
    expect(status.conditions.find(({ type }) => type === 'Reachable')?.status).toBe('True');
  }
});

test('addresses of an app that is deleted are those of who waited for one', async () => {
  const freed = await addressesOf('web');
  const { etag } = await estate.api.send('GET', pathOf('web'));
  await estate.api.send('DELETE', pathOf('web'), { headers: { 'if-match': etag ?? '' } });
  await eventually(async () => {
    const found = await addressesOf('more');
    expect(found).toHaveLength(6);
    expectNoneTwice(found);
    expect(found.filter((address) => freed.includes(address)).length).toBeGreaterThan(0);
    expect((await pool()).free).toBe(2);
  }, UP_MS_MAX);
});
