/** The Marathon driver against a Marathon-compatible double over a real Mesos with real containers: the contract of all drivers, and what only Marathon has. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readClusterFiles } from '../../edge-agent/cluster-files.ts';
import type { Driver } from '../../edge-agent/clusters/driver.ts';
import { createMarathonDriver } from '../../edge-agent/clusters/marathon.ts';
import { inspectMarathon } from '../../edge-agent/clusters/marathon-facts.ts';
import { idOf } from '../../edge-agent/clusters/marathon-objects.ts';
import { MarathonClient } from '../../edge-agent/marathon/client.ts';
import { MarathonNews } from '../../edge-agent/marathon/news.ts';
import { type App, OneApp } from '../../edge-agent/marathon/wire.ts';
import { addMarathon } from '../../edge-agent/marathon-command.ts';
import { keyOf } from '../../edge-agent/mesos/app.ts';
import { MesosClient } from '../../edge-agent/mesos/client.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { readConstraint } from '../../protocol/constraint.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type TrackStand, trackContract } from '../edge-agent/clusters/track-contract.ts';
import { expectCpuTold } from './cpu-told.ts';
import { askingEndpoints, type EndpointAsking } from './endpoint-asking.ts';
import { eventually } from './eventually.ts';
import { type MarathonStand, raiseMarathon, TOKEN } from './marathon-stand.ts';

let stand: MarathonStand;
let silent: Driver;
let asking: EndpointAsking;

beforeAll(async () => {
  stand = await raiseMarathon('mth');
  asking = askingEndpoints(stand.driver, (command) => stand.cluster.engine.host.run(command));
  const client = new MarathonClient({ server: 'http://127.0.0.1:1' });
  silent = createMarathonDriver({ client, mesos: undefined, news: new MarathonNews({ client }) });
});

afterAll(async () => {
  await stand?.close();
});

const appAt = async (id: string): Promise<App> =>
  (await stand.client.json(OneApp, { method: 'GET', path: `/v2/apps${id}` })).app;

/** As a person would, over whatever is going on. */
async function edit(id: string, body: object): Promise<void> {
  const query = [['force', 'true']] as const;
  await stand.client.json(z.unknown(), { method: 'PUT', path: `/v2/apps${id}`, query, body });
}

function bystander(id: string): object {
  return {
    id,
    instances: 1,
    cpus: 0.1,
    mem: 64,
    args: [':8080'],
    container: {
      type: 'DOCKER',
      docker: { image: 'local/tool:1', parameters: [{ key: 'entrypoint', value: 'serve' }] },
      portMappings: [{ containerPort: 8080 }],
    },
    networks: [{ mode: 'container/bridge' }],
  };
}

function contractStand(): TrackStand {
  return {
    ...asking,
    unreachable: silent,
    images: { first: 'local/tool:1', second: 'local/tool:2', missing: 'local/none:1' },
    meddle: (workload) => edit(idOf(workload), { instances: 3, env: { MEDDLED: 'yes' } }),
    decorate: async (workload) => {
      const { labels } = await appAt(idOf(workload));
      await edit(idOf(workload), { labels: { ...labels, HAPROXY_GROUP: 'external' } });
      return async () => (await appAt(idOf(workload))).labels['HAPROXY_GROUP'] === 'external';
    },
    occupy: async (workload: WorkloadLeaf) => {
      const id = idOf(workload);
      await stand.client.json(z.unknown(), { method: 'POST', path: '/v2/apps', body: bystander(id) });
      const { version } = await appAt(id);
      return async () => (await appAt(id)).version === version;
    },
    leftovers: async (workload) => {
      const { app, tasks } = stand.framework().view(keyOf(workload));
      return [...(app === undefined ? [] : [app.app]), ...tasks.map(({ id }) => id)];
    },
  };
}

describe('the Marathon driver', () => {
  driverContract(contractStand);
  trackContract(contractStand);
});

test('what a Marathon is: its version, and the agents of its Mesos with their capacity', async () => {
  const { client, mesos } = stand;
  const facts = await inspectMarathon({ client, mesos });
  expect([facts.version, facts.nodes.length, facts.capacity.cpuMillis]).toEqual(['1.5.0', 2, 8_000]);
  expect(facts.statements.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Reachable True',
    'NodesReady True',
  ]);
  const alone = await inspectMarathon({ client, mesos: undefined });
  expect(alone.capacity.cpuMillis).toBe(0);
  expect(alone.statements.map(({ type, status }) => `${type} ${status}`)).toEqual([
    'Reachable True',
    'NodesReady Unknown',
  ]);
  const unreached = new MesosClient({ server: 'http://127.0.0.1:1' });
  const cut = await inspectMarathon({ client, mesos: unreached });
  expect(cut.statements.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
    'Reachable False MesosNotReached',
    'NodesReady Unknown MesosNotReached',
  ]);
});

test('what tasks that are ready have used of CPU is told by the agents of its Mesos', () =>
  expectCpuTold(contractStand().driver));

test('a Marathon that answers is attached by what it is, and one that does not is not kept', async () => {
  const directory = join(stand.scratch, 'clusters');
  const token = join(stand.scratch, 'token');
  writeFileSync(token, `${TOKEN.token}\n`);
  const add = (name: string, server: string, master: string | undefined, into = directory) =>
    addMarathon({ name, server, master, files: { token }, directory: into });
  const said = await add('mth', stand.server(), stand.cluster.server);
  expect(said.join('\n')).toMatch(/^mth: Marathon 1\.5\.0 at http[^]*2 agents, 8 CPUs, /);
  const elsewhere = join(stand.scratch, 'others');
  const alone = await add('alone', stand.server(), undefined, elsewhere);
  expect(alone.join('\n')).toContain('placements see no room here');
  await expect(add('twin', stand.server(), undefined)).rejects.toThrow("can't have two names");
  await expect(add('gone', 'http://127.0.0.1:1', undefined)).rejects.toThrow(/127\.0\.0\.1/);
  await expect(add('blind', stand.server(), 'http://127.0.0.1:1')).rejects.toThrow('--master');
  await expect(add('odd', 'marathon:8080', undefined)).rejects.toThrow('--marathon');
  const stranger = addMarathon({
    name: 'no',
    server: stand.server(),
    master: undefined,
    files: {},
    directory,
  });
  await expect(stranger).rejects.toMatchObject({ code: 'marathon.forbidden' });
  expect(readClusterFiles(directory).clusters.map(({ name, kind }) => [name, kind])).toEqual([
    ['mth', 'marathon'],
  ]);
});

test('a deployment that is about ours alone is gone over; one that is about others too is waited for', async () => {
  const { driver, client } = stand;
  // A release that never comes up holds its app.
  const stuck = workloadOf('locked', 'local/none:1', { replicas: 1 });
  await driver.apply(stuck);
  const good = { ...workloadOf('locked', 'local/tool:1', { replicas: 1 }), release: 2 };
  expect(await driver.apply(good)).toEqual(['changed /acme/locked: container, labels, upgradeStrategy']);
  await untilReady(driver, good);

  const other = bystander('/acme/others');
  await client.json(z.unknown(), { method: 'POST', path: '/v2/apps', body: { ...other, cpus: 900 } });
  const query = [['force', 'true']] as const;
  const scaled = { method: 'PUT', path: '/v2/groups/acme', query, body: { scaleBy: 2 } } as const;
  await client.json(z.unknown(), scaled);
  await expect(driver.apply(good)).rejects.toMatchObject({
    code: 'driver.busy',
    message: expect.stringContaining('is about apps of others too'),
  });
  await client.json(z.unknown(), { method: 'DELETE', path: '/v2/apps/acme/others', query });
  expect(await driver.apply(good)).toEqual(['changed /acme/locked: instances']);
  await untilReady(driver, good);
});

test('a group under the name of an app is somebody else', async () => {
  const body = bystander('/acme/team/web');
  await stand.client.json(z.unknown(), { method: 'POST', path: '/v2/apps', body });
  await expect(stand.driver.apply(workloadOf('team', 'local/tool:1'))).rejects.toMatchObject({
    code: 'driver.conflict',
  });
  expect((await appAt('/acme/team/web')).instances).toBe(1);
});

test('who may not is told so', async () => {
  const client = new MarathonClient({
    server: stand.server(),
    credentials: { kind: 'token', token: 'wrong' },
  });
  const driver = createMarathonDriver({ client, mesos: undefined, news: new MarathonNews({ client }) });
  await expect(driver.apply(workloadOf('nobodys', 'local/tool:1'))).rejects.toMatchObject({
    code: 'driver.forbidden',
  });
});

test('constraints are kept, and what they exclude is said', async () => {
  const { driver } = stand;
  const on = (app: string, nodes: NodeRules, replicas: number) => ({
    ...workloadOf(app, 'local/tool:1', { replicas }),
    nodes,
  });
  const rules = (text: string) => ({ constraints: [readConstraint(text)], preferences: [] });
  const { subject: groupBy } = readConstraint('node.rack');
  // Both agents say that their rack is one, and have one host name.
  const here = on('here', { ...rules('node.rack == one'), groupBy }, 2);
  const nowhere = on('nowhere', rules('node.rack in (two, three)'), 1);
  const apart = on('apart', { ...rules('node.rack'), maxPerNode: 1 }, 2);
  for (const workload of [here, nowhere, apart]) await driver.apply(workload);
  await untilReady(driver, here);
  expect((await appAt('/acme/here')).constraints).toEqual([
    ['rack', 'CLUSTER', 'one'],
    ['rack', 'GROUP_BY', '1'],
  ]);
  expect(await driver.apply(here)).toEqual([]);
  for (const [workload, ready] of [
    [nowhere, 0],
    [apart, 1],
  ] as const)
    await eventually(async () => {
      const told = await driver.status(workload);
      const excluded = told.containers.find(({ reason }) => reason === 'unschedulable');
      expect([told.ready, excluded?.message]).toEqual([
        ready,
        expect.stringContaining('its constraints exclude the agent'),
      ]);
    }, 60_000);
});
