/**
 * Mesos in an enrolled edge, by the API alone: attached by the agent's command, an app placed, changed, there again after its node went down, and gone when it
 * is deleted; the framework is the edge's own and survives its restart.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { App } from '../../protocol/app.ts';
import { Cluster } from '../../protocol/cluster.ts';
import { type MesosCluster, mesosOn } from '../fixtures/mesos/mesos.ts';
import { agentCommand } from './agent-command.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { servingApp } from './kube-site.ts';

const APP = '/v1/tenants/demo/apps/web';
const CLUSTER = '/v1/tenants/demo/clusters/grid';
const UP_MS_MAX = 90_000;
const SPEC = { ...servingApp(['grid']), replicas: 2, environment: { GREETING: 'one' } };

let estate: Estate;
let mesos: MesosCluster;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'upgms',
    sites: [{ name: 'berlin', lan: '10.0.0.0/24', lanHosts: 1 }],
  });
  const [place] = estate.site('berlin').lanHosts;
  if (place === undefined) throw new Error('there is no host in the LAN');
  mesos = await mesosOn({ name: 'upgms', agents: 2, ...place });
  await estate
    .site('berlin')
    .edge.check(agentCommand('cluster', 'add', 'mesos', 'grid', '--master', mesos.server));
  await eventually(attached, 40_000);
}, 240_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await mesos?.close();
  await estate?.destroy();
});

async function attached() {
  const { status } = await estate.api.get(CLUSTER, Cluster);
  expect(status.conditions.filter((one) => one.status !== 'True')).toEqual([]);
  if (status.facts === undefined) throw new Error('it has told of nothing yet');
  return status.facts;
}

async function observedAt(): Promise<string | undefined> {
  return (await estate.api.get(CLUSTER, Cluster)).status.observedAt;
}

async function put(spec: object): Promise<void> {
  const { etag } = await estate.api.send('GET', APP);
  await estate.api.send('PUT', APP, { body: { spec }, headers: { 'if-match': etag ?? '' } });
}

/** Names of the containers, once the release runs and nothing else does. */
async function untilUp(release: number): Promise<readonly string[]> {
  return eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const [instance] = status.instances;
    const states = instance?.containers.map(({ state, release: of }) => [state, of]);
    expect([status.running, status.conditions[0]?.status, states]).toEqual([
      release,
      'True',
      [
        ['ready', release],
        ['ready', release],
      ],
    ]);
    return (instance?.containers ?? []).map(({ name }) => name).sort();
  }, UP_MS_MAX);
}

/** What Docker runs, told by the variable that was last changed. */
async function greetings(): Promise<string[]> {
  const { docker } = mesos.engine;
  const ids = (await docker('ps', '-q')).split('\n').filter((id) => id !== '');
  const found = await Promise.all(ids.map((id) => docker('inspect', id, '-f', '{{json .Config.Env}}')));
  return found.map((text) => /GREETING=(\w+)/.exec(text)?.[1] ?? '');
}

test('the cluster is told as it is: Mesos, with its agents and what they have', async () => {
  const facts = await attached();
  expect([facts.version, facts.nodes.length, facts.nodes[0]?.labels['rack']]).toEqual(['1.11.0', 2, 'one']);
  expect(facts.allocatable.cpuMillis).toBe(8_000);
});

test('an app that names the cluster runs there', async () => {
  await estate.api.create('/v1/tenants/demo/apps', { metadata: { name: 'web' }, spec: SPEC }, App);
  expect(await untilUp(1)).toHaveLength(2);
  expect(await greetings()).toEqual(['one', 'one']);
});

test('a change comes to it, and ends what was before', async () => {
  const before = await untilUp(1);
  await put({ ...SPEC, image: 'local/tool:2', environment: { GREETING: 'two' } });
  const after = await untilUp(2);
  expect(after.filter((name) => before.includes(name))).toEqual([]);
  expect((await greetings()).sort()).toEqual(['two', 'two']);
});

test('a restart of the agent leaves every container as it is', async () => {
  const before = await untilUp(2);
  const told = await observedAt();
  const { edge } = estate.site('berlin');
  await estate.stopAgent(edge, 'SIGKILL');
  estate.startAgent(edge);
  // What was told before the restart says nothing of it.
  await eventually(async () => expect(await observedAt()).not.toBe(told), UP_MS_MAX);
  expect(await untilUp(2)).toEqual(before);
});

test('what Mesos does not have is refused in words, and the last release runs on', async () => {
  const before = await untilUp(2);
  const upgrade = { kind: 'rolling', deadlineSeconds: 600 };
  await put({
    ...SPEC,
    image: 'local/tool:2',
    environment: { GREETING: 'two' },
    onChange: 'rebuildInPlace',
    upgrade,
  });
  await eventually(async () => {
    const { status } = await estate.api.get(APP, App);
    const back = status.conditions.find(({ type }) => type === 'RolledBack');
    expect([status.release, status.running, back?.status]).toEqual([3, 2, 'True']);
    expect(back?.message).toContain('never changed in its place');
  }, UP_MS_MAX);
  expect(await untilUp(2)).toEqual(before);
});

test('its host lost and back: it is said meanwhile, and as many run after as before', async () => {
  await mesos.engine.kill();
  await eventually(async () => {
    const { status } = await estate.api.get(CLUSTER, Cluster);
    expect(status.conditions.find(({ type }) => type === 'Reachable')?.status).toBe('False');
  }, 60_000);
  await mesos.engine.start();
  await mesos.start();
  await eventually(attached, 60_000);
  await untilUp(2);
  await eventually(async () => expect(await greetings()).toEqual(['two', 'two']), 60_000);
}, 240_000);

test('an app that is deleted leaves nothing', async () => {
  const { etag } = await estate.api.send('GET', APP);
  await estate.api.send('DELETE', APP, { headers: { 'if-match': etag ?? '' } });
  await eventually(async () => {
    const ids = await mesos.engine.docker('ps', '-q');
    const { status } = await estate.api.send('GET', APP);
    expect([ids.trim(), status]).toEqual(['', 404]);
  }, 60_000);
});
