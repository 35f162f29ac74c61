/** The Mesos driver against a real Mesos with real containers: the contract of all drivers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readClusterFiles } from '../../edge-agent/cluster-files.ts';
import { createMesosDriver } from '../../edge-agent/clusters/mesos.ts';
import { inspectMesos } from '../../edge-agent/clusters/mesos-facts.ts';
import { mesosAppOf } from '../../edge-agent/clusters/mesos-objects.ts';
import { keyOf } from '../../edge-agent/mesos/app.ts';
import { MesosClient } from '../../edge-agent/mesos/client.ts';
import { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import { addMesos } from '../../edge-agent/mesos-command.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type TrackStand, trackContract } from '../edge-agent/clusters/track-contract.ts';
import { type MesosCluster, raiseMesos } from '../fixtures/mesos/mesos.ts';
import { expectCpuTold } from './cpu-told.ts';
import { askingEndpoints, type EndpointAsking } from './endpoint-asking.ts';
import { eventually, pause } from './eventually.ts';

const LOOK_MS = 20;

let cluster: MesosCluster;
let framework: MesosFramework;
let others: MesosFramework;
let nobody: MesosFramework;
let scratch: string;
let asking: EndpointAsking;

function frameworkAt(server: string, name: string): MesosFramework {
  const client = new MesosClient({ server, agentOrigin: () => server });
  return new MesosFramework({
    client,
    directory: join(scratch, name),
    name,
    user: 'root',
    wallNow: Date.now,
  });
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'isthmus-ms-frameworks-'));
  cluster = await raiseMesos({ name: 'ms', agents: 2 });
  framework = frameworkAt(cluster.server, 'isthmus');
  others = frameworkAt(cluster.server, 'others');
  nobody = frameworkAt('http://127.0.0.1:1', 'nobody');
  for (const one of [framework, others, nobody]) one.start();
  asking = askingEndpoints(createMesosDriver(framework), (command) => cluster.engine.host.run(command));
});

afterAll(async () => {
  for (const one of [framework, others, nobody]) await one?.stop();
  await cluster?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A task of another framework by the name that the app's tasks have; answers whether it runs as it did. */
async function foreignTask(workload: WorkloadLeaf): Promise<() => Promise<boolean>> {
  const app = { ...mesosAppOf(workload, () => 'f'.repeat(32)), instances: 1, floor: 1 };
  await others.ready();
  others.set(app);
  const running = () => others.view(keyOf(app)).tasks.filter(({ healthy }) => healthy === true);
  await eventually(async () => {
    if (running().length !== 1) throw new Error('it does not run yet');
  }, 30_000);
  const [before] = running();
  return async () => running()[0]?.id === before?.id;
}

function stand(): TrackStand {
  return {
    ...asking,
    unreachable: createMesosDriver(nobody),
    images: { first: 'local/tool:1', second: 'local/tool:2', missing: 'local/none:1' },
    meddle: async (workload) => {
      const { app } = framework.view(keyOf(workload));
      if (app !== undefined) framework.set({ ...app, instances: 3, floor: 3 });
    },
    decorate: (workload) => foreignTask({ ...workload, app: `${workload.app}-beside` }),
    occupy: foreignTask,
    leftovers: async (workload) => {
      const { app, tasks } = framework.view(keyOf(workload));
      return [...(app === undefined ? [] : [app.app]), ...tasks.map(({ id }) => id)];
    },
  };
}

describe('the Mesos driver', () => {
  driverContract(stand);
  trackContract(stand);
});

test('what other frameworks take is told, and what ours takes is not among it', async () => {
  const look = async () => (await inspectMesos(framework.client, framework.frameworkId)).foreign;
  const ours = workloadOf('counted', 'local/tool:1', { replicas: 1, resources: { cpuMillis: 300 } });
  const { driver } = stand();
  await driver.apply(ours);
  await untilReady(driver, ours);
  const before = await look();
  const theirs = workloadOf('theirs', 'local/tool:1', { resources: { cpuMillis: 500, memoryMib: 128 } });
  await foreignTask(theirs);
  const after = await look();
  expect([
    (after?.cpuMillis ?? 0) - (before?.cpuMillis ?? 0),
    (after?.memoryMib ?? 0) - (before?.memoryMib ?? 0),
  ]).toEqual([500, 128]);
  await driver.remove(ours);
});

test('what tasks that are ready have used of CPU is told by their agents', () =>
  expectCpuTold(stand().driver));

test('a Mesos that answers is attached by what it is, and one that does not is not kept', async () => {
  const directory = join(scratch, 'clusters');
  const add = (name: string, server: string) =>
    addMesos({ name, server, user: 'root', credentials: undefined, directory });
  expect((await add('ms', cluster.server)).join('\n')).toMatch(/^ms: Mesos 1\.11\.0 at http[^]*2 agents, /);
  await expect(add('gone', 'http://127.0.0.1:1')).rejects.toThrow(/127\.0\.0\.1/);
  await expect(add('odd', 'mesos:5050')).rejects.toThrow('--master');
  expect(readClusterFiles(directory).clusters.map(({ name, kind }) => [name, kind])).toEqual([
    ['ms', 'mesos'],
  ]);
});

test('a new master is told of with every agent that its registry names, or as one that does not answer', async () => {
  await cluster.stop();
  const state = { isUp: false };
  const starting = cluster.start().finally(() => {
    state.isUp = true;
  });
  const told: unknown[] = [];
  while (!state.isUp) {
    await pause(LOOK_MS);
    const facts = await inspectMesos(framework.client).catch(() => undefined);
    const isHeard = facts?.statements.some(({ type, status }) => type === 'Reachable' && status === 'True');
    if (facts === undefined || isHeard !== true) continue;
    told.push([facts.nodes.length, facts.nodes.reduce((sum, { capacity }) => sum + capacity.cpuMillis, 0)]);
  }
  await starting;
  expect(told.length).toBeGreaterThan(0);
  expect(told).toEqual(told.map(() => [2, 8_000]));
}, 60_000);
