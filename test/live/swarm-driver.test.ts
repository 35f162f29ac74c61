/** The Swarm driver against a real swarm of three engines: the contract of all drivers, and what is Swarm's own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectSwarm } from '../../edge-agent/clusters/docker-facts.ts';
import { createSwarmDriver } from '../../edge-agent/clusters/swarm.ts';
import { EngineClient } from '../../edge-agent/engine/client.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { trackContract } from '../edge-agent/clusters/track-contract.ts';
import { eventually } from './eventually.ts';
import { drainingServer, startLoad } from './steady-load.ts';
import { raiseSwarmStand, type SwarmStand } from './swarm-stand.ts';

let open: SwarmStand;

beforeAll(async () => {
  open = await raiseSwarmStand('dksw');
});

afterAll(async () => {
  await open?.close();
});

/** Once everything else is done: a pass that finds nothing more to do. */
async function settle(workload: WorkloadLeaf): Promise<void> {
  await eventually(async () => expect(await open.stand.driver.apply(workload)).toEqual([]), 60_000);
}

async function lines(...words: readonly string[]): Promise<string[]> {
  return (await open.swarm.first.docker(...words)).split('\n').filter((line) => line !== '');
}

describe('the Swarm driver', () => {
  driverContract(() => open.stand);
  trackContract(() => open.stand);
  upgrades();
  parts();
  nodes();
});

function upgrades(): void {
  test('upgrades without a failed request while the app is asked all the time', async () => {
    const { driver } = open.stand;
    const at = (release: number, image: string) => ({
      ...workloadOf('steady', image, {
        command: drainingServer('/etc/app.conf'),
        stopSeconds: 10,
        files: [{ path: '/etc/app.conf', content: `${release}`, mode: 0o644 }],
      }),
      release,
    });
    await driver.apply(at(1, 'local/tool:1'));
    await untilReady(driver, at(1, 'local/tool:1'));
    const load = { name: 'dk-load', network: 'isthmus_acme', url: 'http://steady:8080/' };
    const stop = await startLoad(open.swarm.first, load);
    for (const next of [at(2, 'local/tool:2'), at(3, 'local/tool:2')]) {
      await driver.apply(next);
      await untilReady(driver, next);
    }
    const { asked, failed, why } = await stop();
    expect([failed, why]).toEqual([0, []]);
    expect(asked).toBeGreaterThan(100);
  });

  test('goes back by itself from a release that is no good, says why, and does not try it again', async () => {
    const { driver } = open.stand;
    const good = workloadOf('back', 'local/tool:1');
    await driver.apply(good);
    await untilReady(driver, good);
    const bad = { ...workloadOf('back', 'local/none:1'), release: 2 };
    await driver.apply(bad);
    const upToDate = async () => (await driver.status(bad)).statements[1];
    await eventually(async () => {
      await driver.apply(bad);
      expect(await upToDate()).toMatchObject({ status: 'False', reason: 'RolledBack' });
      expect((await upToDate())?.message).toContain('local/none:1');
    }, 90_000);
    await settle(bad);
    const { statements, containers } = await driver.status(bad);
    expect(statements.map(({ reason }) => reason)).toEqual(['AllReady', 'RolledBack']);
    expect(containers.map(({ state, release }) => [state, release])).toEqual([
      ['ready', 0],
      ['ready', 0],
    ]);
    const better = { ...workloadOf('back', 'local/tool:2'), release: 3 };
    await driver.apply(better);
    await untilReady(driver, better);
  });
}

function parts(): void {
  test('gives files and secrets, each in its own version, and forgets those that no release in reach has', async () => {
    const { driver } = open.stand;
    const { host, socket } = open.swarm.first;
    const secret = ['docker', '-H', `unix://${socket}`, 'secret', 'create', 'word.pass', '-'];
    await host.check(secret, { input: 'hidden' });
    const at = (release: number) => ({
      ...workloadOf('parts', 'local/tool:1', {
        replicas: 1,
        command: ['sh', '-c', 'cat /etc/app.conf /run/pass; exec serve :8080 /etc/app.conf'],
        files: [{ path: '/etc/app.conf', content: `content ${release}\n`, mode: 0o600 }],
        secrets: [{ secret: 'word', key: 'pass', as: { kind: 'file', path: '/run/pass' } }],
      }),
      release,
    });
    for (const release of [1, 2, 3]) {
      await driver.apply(at(release));
      await untilReady(driver, at(release));
    }
    expect(await lines('service', 'logs', '--raw', '--tail', '3', 'acme_parts')).toContain('content 3');
    expect((await lines('service', 'logs', '--raw', 'acme_parts')).join()).toContain('hidden');
    expect(await driver.apply(at(3))).toEqual([]);
    // The present one, and the one that a rollback would need.
    expect(await lines('config', 'ls', '-q', '--filter', 'label=isthmus.dev/app=parts')).toHaveLength(2);
  });

  test('is not disturbed by others who change the service at the same time', async () => {
    const { driver } = open.stand;
    const workload = workloadOf('contended', 'local/tool:1', { replicas: 1 });
    await driver.apply(workload);
    const change = (replicas: number) => ({
      ...workloadOf('contended', 'local/tool:1', { replicas }),
      release: 2,
    });
    const others = Array.from({ length: 6 }, (_, index) =>
      lines('service', 'update', '-d', '--label-add', `others.example/n=${index}`, 'acme_contended').catch(
        () => [],
      ),
    );
    await Promise.all([driver.apply(change(3)), ...others]);
    await untilReady(driver, change(3));
  });
}

function nodes(): void {
  test('keeps to the nodes that the placement leaves, and publishes ports at them', async () => {
    const { driver } = open.stand;
    const workload = {
      ...workloadOf('chosen', 'local/tool:1', {
        ports: [{ name: 'http', port: 8080, protocol: 'tcp', hostPort: 18_080 }],
      }),
      nodes: nodeRulesOf(
        Placement.parse({ constraints: ['engine.labels.zone == b', 'node.role != manager'] }),
      ),
    };
    await driver.apply(workload);
    await untilReady(driver, workload);
    const names = (await driver.status(workload)).containers.map(({ node }) => node).sort();
    expect(names).toEqual(['dksw-n2', 'dksw-n3']);
    for (const { address } of open.swarm.engines.slice(1))
      await open.swarm.first.host.check(['nc', '-z', '-w', '2', address, '18080']);
    const three = { ...workload, release: 2, template: { ...workload.template, replicas: 3 } };
    await driver.apply(three);
    await eventually(async () => {
      const { containers } = await driver.status(three);
      expect(containers.map(({ reason }) => reason)).toContain('unschedulable');
    });
    await driver.remove(workload);
  });

  test('has its containers elsewhere after a node was killed, and says which node is lost', async () => {
    const { driver } = open.stand;
    const workload = workloadOf('moved', 'local/tool:1', { replicas: 3 });
    await driver.apply(workload);
    await untilReady(driver, workload);
    const [, , third] = open.swarm.engines;
    await third?.kill();
    await eventually(async () => {
      const { ready, containers } = await driver.status(workload);
      const good = containers.filter(({ state }) => state === 'ready').map(({ node }) => node);
      expect([ready, good.includes('dksw-n3')]).toEqual([3, false]);
    }, 90_000);
    const facts = await inspectSwarm(open.client);
    expect(facts.nodes.map(({ name, ready }) => [name, ready]).sort()).toEqual([
      ['dksw-n1', 'True'],
      ['dksw-n2', 'True'],
      ['dksw-n3', 'False'],
    ]);
    expect(facts.nodes.find(({ name }) => name === 'dksw-n2')?.labels).toMatchObject({
      'engine.labels.zone': 'b',
      'node.role': 'worker',
    });
  });

  test('says at a worker that only a manager can be asked', async () => {
    const [, second] = open.swarm.engines;
    const client = new EngineClient({ kind: 'socket', path: second?.socket ?? '' });
    await expect(createSwarmDriver(client).list()).rejects.toMatchObject({ code: 'driver.busy' });
    client.close();
  });
}

test('tells what ready containers have used of CPU, by the engines that run them', async () => {
  const { driver } = open.stand;
  const command = ['sh', '-c', 'while :; do :; done & exec serve :8080'];
  const workload = workloadOf('busy', 'local/tool:1', { command, replicas: 3 });
  await driver.apply(workload);
  await untilReady(driver, workload);
  const readings = (await driver.usage?.(workload)) ?? [];
  expect(readings.map(({ kind }) => kind)).toEqual(['counter', 'counter', 'counter']);
  await driver.remove(workload);
});
