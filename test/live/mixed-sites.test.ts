/**
 * One app over four sites, each with another orchestrator: Kubernetes, Docker Swarm, Marathon (the double of its tests, over a real Mesos) and plain engines, all
 * with the same LAN. Eight replicas under load, by the app's name and by a route; then a site loses its power, and gets it back.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { Route } from '../../protocol/route.ts';
import { type DockerEngines, enginesOn, raiseSwarm } from '../fixtures/docker/engines.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { type MesosCluster, mesosOn } from '../fixtures/mesos/mesos.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { attachCluster, servingApp } from './kube-site.ts';
import { type Pulse, startPulse } from './name-pulse.ts';

const LAN = '10.0.0.0/24';
const APP = '/v1/tenants/demo/apps/web';
/** Among those that agents of Mesos offer. */
const HOST_PORT = 31_500;
const MARATHON_PORT = '18080';
const HOST = 'web.demo.example';
const UP_MS_MAX = 120_000;
/** What a site must have lost before others do its work: the test waits for it. */
const LOST_AFTER_SECONDS = 15;
/** Requests that a power cut may catch under way, in each of the two loads. */
const CAUGHT_MAX = 2;

let estate: Estate;
let kube: KubeCluster;
let swarm: DockerEngines;
let plain: DockerEngines;
let mesos: MesosCluster;

const { placement: _placement, ...SERVING } = servingApp([]);
const SPEC = {
  ...SERVING,
  replicas: 8,
  ports: [{ name: 'http', port: 8080, hostPort: HOST_PORT }],
  disconnect: { lostAfterSeconds: LOST_AFTER_SECONDS, replace: true, reconcile: 'keep_oldest' },
};

async function engines(site: string, name: string): Promise<DockerEngines> {
  const { lanHosts } = estate.site(site);
  return enginesOn(
    lanHosts.map((place) => ({ ...place, labels: {} })),
    { name },
  );
}

async function addCluster(site: string, ...words: readonly string[]): Promise<void> {
  await estate.site(site).edge.check(agentCommand('cluster', 'add', ...words));
  await eventually(async () => {
    const { status } = await estate.api.get(`/v1/tenants/demo/clusters/${words[1]}`, Cluster);
    if (status.facts === undefined || status.conditions.some((one) => one.status !== 'True'))
      throw new Error(`${words[1]} is not attached: ${JSON.stringify(status.conditions)}`);
  }, 60_000);
}

async function addSwarm(): Promise<void> {
  swarm = await engines('tokyo', 'mst');
  await raiseSwarm(swarm);
  await addCluster('tokyo', 'swarm', 'swarm', '--engine', `unix://${swarm.first.socket}`);
}

async function addPlain(): Promise<void> {
  plain = await engines('paris', 'msp');
  const each = plain.engines.flatMap(({ name, socket, address }) => [
    '--engine',
    `${name}=unix://${socket}@${address}`,
  ]);
  await addCluster('paris', 'docker', 'plain', ...each);
}

async function addMarathon(): Promise<void> {
  const [place] = estate.site('oslo').lanHosts;
  if (place === undefined) throw new Error('oslo has no host');
  mesos = await mesosOn({ name: 'mso', agents: 1, ...place });
  const script = new URL('marathon-host.ts', import.meta.url).pathname;
  const double = place.host.spawn([
    process.execPath,
    script,
    mesos.server,
    mesos.directory,
    place.address,
    MARATHON_PORT,
  ]);
  await eventually(async () => {
    if (!double.output().includes('listening')) throw new Error(double.output());
  }, 30_000);
  const server = `http://${place.address}:${MARATHON_PORT}`;
  await addCluster('oslo', 'marathon', 'grid', '--marathon', server, '--master', mesos.server);
}

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'mixsites',
    sites: [
      { name: 'berlin', lan: LAN, lanHosts: 4 },
      { name: 'tokyo', lan: LAN, lanHosts: 4 },
      { name: 'paris', lan: LAN, lanHosts: 2 },
      { name: 'oslo', lan: LAN, lanHosts: 1 },
    ],
  });
  kube = await attachCluster(estate, { site: 'berlin', name: 'kube' });
  await Promise.all([addSwarm(), addPlain(), addMarathon()]);
}, 400_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await Promise.all([kube?.close(), swarm?.close(), plain?.close(), mesos?.close()]);
  await estate?.destroy();
});

/** How many are ready in each cluster, once so many are in all together. */
async function untilReady(count: number, clusters: readonly string[]): Promise<Record<string, number>> {
  return eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const ready = Object.fromEntries(
      status.instances
        .filter(({ cluster }) => clusters.includes(cluster))
        .map((one) => [one.cluster, one.ready]),
    );
    const sum = Object.values(ready).reduce((total, one) => total + one, 0);
    expect([sum, status.placed?.why]).toEqual([count, status.placed?.why]);
    return ready;
  }, UP_MS_MAX);
}

const NAMED = ['kube', 'swarm', 'plain', 'grid'];

test('eight replicas are placed over all four, and reached by one name and by a route', async () => {
  await estate.api.create('/v1/tenants/demo/apps', { metadata: { name: 'web' }, spec: SPEC }, App);
  const spec = { host: HOST, app: { name: 'web', port: 'http' } };
  await estate.api.create('/v1/tenants/demo/routes', { metadata: { name: 'web' }, spec }, Route);
  const ready = await untilReady(8, NAMED);
  expect(Object.values(ready).every((one) => one > 0)).toBe(true);
  await eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const told = status.instances.flatMap(({ cluster, containers: all }) =>
      all.map(({ node, address, state }) => `${cluster} ${node} ${address} ${state}`),
    );
    const reached = status.endpoints.map(({ cluster, address }) => `${cluster} ${address}`);
    if (reached.length !== 8) throw new Error(`${told.join('\n')}\n${reached.join('\n')}`);
  }, 20_000);
});

test('a site loses its power: the name and the route answer on, and others do its work', async () => {
  const pulses = await startPulses();
  const before = await containers();
  const site = estate.site('paris');
  for (const host of [site.edge, ...site.lanHosts.map(({ host }) => host)]) await host.killAll();
  await untilReady(8, ['kube', 'swarm', 'grid']);
  expect((await containers()).filter((name) => before.includes(name)).length).toBeGreaterThanOrEqual(
    before.length - 2,
  );
  await report(pulses);
}, 240_000);

test('it comes back, and what stood in for it goes: never more than a moment of both, and nothing else is made anew', async () => {
  const pulses = await startPulses();
  for (const engine of plain.engines) await engine.start();
  estate.startAgent(estate.site('paris').edge);
  const ready = await untilAllPresent();
  expect(ready['plain']).toBeGreaterThan(0);
  await report(pulses);
}, 240_000);

test('a site that is only cut off goes on by itself, is stood in for as the app bears, and makes nothing anew when it is back', async () => {
  const ids = async () =>
    (await Promise.all(swarm.engines.map((engine) => engine.docker('ps', '-q', '--no-trunc')))).map((text) =>
      text.split('\n').sort().join(' '),
    );
  const pulses = await startPulses();
  const before = await ids();
  const { edge } = estate.site('tokyo');
  await edge.killAll();
  await eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const lost = status.placed?.assignments.filter(({ state }) => state === 'lost') ?? [];
    expect(lost.map(({ cluster }) => cluster)).toEqual(['swarm']);
    const standIns = status.placed?.assignments.reduce((sum, one) => sum + one.standIns, 0) ?? 0;
    expect(standIns).toBeLessThanOrEqual(lost.reduce((sum, { replicas }) => sum + replicas, 0));
  }, UP_MS_MAX);
  expect(await ids()).toEqual(before);
  estate.startAgent(edge);
  await untilAllPresent();
  expect(await ids()).toEqual(before);
  await report(pulses);
}, 240_000);

/** Resolves with how many are ready in each cluster, once nothing is lost and there are eight. */
async function untilAllPresent(): Promise<Record<string, number>> {
  return eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const states = status.placed?.assignments.map(({ state }) => state) ?? [];
    expect(states.every((state) => state === 'present')).toBe(true);
    // What stood in goes only once those in whose place it was are ready.
    expect(status.instances.flatMap(({ containers: all }) => all)).toHaveLength(8);
    const sum = status.instances.reduce((total, one) => total + one.ready, 0);
    expect(sum).toBe(8);
    return Object.fromEntries(status.instances.map((one) => [one.cluster, one.ready]));
  }, UP_MS_MAX);
}

async function containers(): Promise<string[]> {
  const { status } = await estate.api.get(APP, App);
  return status.instances.flatMap((one) => one.containers.map(({ name }) => name));
}

async function startPulses(): Promise<{ readonly name: Pulse; readonly route: Pulse }> {
  const from = estate.lanHost('berlin');
  const name = await startPulse(from, [`http://web.demo.isthmus.internal:${HOST_PORT}/`]);
  const resolve = `${HOST}:443:${estate.hub(0).address}`;
  const route = await startPulse(from, ['-k', '--resolve', resolve, `https://${HOST}/`]);
  return { name, route };
}

async function report(pulses: Record<string, Pulse>): Promise<void> {
  for (const [what, pulse] of Object.entries(pulses)) {
    const { asked, failed, gapMs, why } = await pulse.stop();
    console.log(`by ${what}: ${asked} requests, ${failed} failed ${why.join('; ')}, longest gap ${gapMs} ms`);
    expect(asked).toBeGreaterThan(50);
    expect(failed).toBeLessThanOrEqual(CAUGHT_MAX);
  }
}
