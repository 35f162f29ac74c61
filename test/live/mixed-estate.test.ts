/**
 * One app over sites with different orchestrators: plain Docker engines in one, a swarm in the other. By the API alone: placed by its manifest, upgraded,
 * kept inside by a constraint, taken back when a release is bad, and gone when it is deleted.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { type DockerEngines, enginesOn, raiseSwarm } from '../fixtures/docker/engines.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { servingApp } from './kube-site.ts';

const LAN = '10.0.0.0/24';
const APP = '/v1/tenants/demo/apps/web';
const UP_MS_MAX = 90_000;
const { placement: _placement, ...SPEC } = servingApp([]);
const UPGRADE = { kind: 'rolling', deadlineSeconds: 15 };

let estate: Estate;
let berlin: DockerEngines;
let tokyo: DockerEngines;

async function enginesOf(site: string, name: string): Promise<DockerEngines> {
  const { lanHosts } = estate.site(site);
  return enginesOn(
    lanHosts.map(({ host, address }, index) => ({ host, address, labels: { rack: `r${index}` } })),
    { name },
  );
}

async function attached(name: string): Promise<void> {
  await eventually(async () => {
    const { status } = await estate.api.get(`/v1/tenants/demo/clusters/${name}`, Cluster);
    if (status.facts === undefined || status.conditions.some((one) => one.status !== 'True'))
      throw new Error(`${name} is not attached: ${JSON.stringify(status)}`);
  }, 40_000);
}

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'mixed',
    sites: [
      { name: 'berlin', lan: LAN, lanHosts: 2, spec: { labels: { country: 'de' } } },
      { name: 'tokyo', lan: LAN, lanHosts: 2, spec: { labels: { country: 'jp' } } },
    ],
  });
  [berlin, tokyo] = await Promise.all([enginesOf('berlin', 'mxb'), enginesOf('tokyo', 'mxt')]);
  await raiseSwarm(tokyo);
  const engines = berlin.engines.flatMap(({ name, socket }) => ['--engine', `${name}=unix://${socket}`]);
  await estate.site('berlin').edge.check(agentCommand('cluster', 'add', 'docker', 'plain', ...engines));
  const manager = ['--engine', `unix://${tokyo.first.socket}`];
  await estate.site('tokyo').edge.check(agentCommand('cluster', 'add', 'swarm', 'swarm', ...manager));
  await Promise.all([attached('plain'), attached('swarm')]);
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await Promise.all([berlin?.close(), tokyo?.close()]);
  await estate?.destroy();
});

async function put(spec: object): Promise<void> {
  const { etag } = await estate.api.send('GET', APP);
  await estate.api.send('PUT', APP, { body: { spec }, headers: { 'if-match': etag ?? '' } });
}

/** Resolves with how many are ready in each cluster, once the release runs in all of them. */
async function untilUp(release: number): Promise<Record<string, number>> {
  return eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const conditions = status.conditions.map(({ type, status: is, message }) => `${type} ${is}: ${message}`);
    expect([status.running, conditions[0]?.slice(0, 12), status.placed?.unplaced]).toEqual([
      release,
      'Running True',
      0,
    ]);
    return Object.fromEntries(status.instances.map(({ cluster, ready }) => [cluster, ready]));
  }, UP_MS_MAX);
}

test('a manifest that names no cluster is placed over both orchestrators', async () => {
  const spec = { ...SPEC, replicas: 4, upgrade: UPGRADE };
  await estate.api.create('/v1/tenants/demo/apps', { metadata: { name: 'web' }, spec }, App);
  expect(await untilUp(1)).toEqual({ plain: 2, swarm: 2 });
  const { status } = await estate.api.get(APP, App);
  expect(status.placed?.why.join(' ')).toContain('plain');
});

test('a new release comes to both', async () => {
  await put({ ...SPEC, replicas: 4, upgrade: UPGRADE, image: 'local/tool:2' });
  expect(await untilUp(2)).toEqual({ plain: 2, swarm: 2 });
});

test('a release that does not come up is taken back in both, with the reason', async () => {
  await put({ ...SPEC, replicas: 4, upgrade: UPGRADE, image: 'local/none:3' });
  await eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const back = status.conditions.find(({ type }) => type === 'RolledBack');
    expect([status.release, status.running, back?.status]).toEqual([3, 2, 'True']);
  }, UP_MS_MAX);
  expect(await untilUp(2)).toEqual({ plain: 2, swarm: 2 });
});

test('a constraint moves it to one site, and nothing is left in the other', async () => {
  const placement = { constraints: ['site.country == de'] };
  await put({ ...SPEC, replicas: 4, upgrade: UPGRADE, image: 'local/tool:2', placement });
  expect(await untilUp(4)).toEqual({ plain: 4 });
  const { status } = await estate.api.get(APP, App);
  expect(status.placed?.why.join(' ')).toContain('site.country == de');
  await eventually(
    async () => expect((await tokyo.first.docker('service', 'ls', '-q')).trim()).toBe(''),
    30_000,
  );
});

test('an app that is deleted leaves nothing', async () => {
  const { etag } = await estate.api.send('GET', APP);
  await estate.api.send('DELETE', APP, { headers: { 'if-match': etag ?? '' } });
  await eventually(async () => {
    for (const engine of [...berlin.engines, ...tokyo.engines])
      expect((await engine.docker('ps', '-aq', '--filter', 'label=isthmus.dev/app=web')).trim()).toBe('');
  }, 40_000);
});
