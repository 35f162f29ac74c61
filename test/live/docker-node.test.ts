/** Plain engines that their edge reaches through the agents beside them: joining, the contract of all drivers, and a reboot with nobody there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerDriver } from '../../edge-agent/clusters/docker.ts';
import { inspectDocker } from '../../edge-agent/clusters/docker-facts.ts';
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { nodeRulesOf, Placement } from '../../protocol/placement.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { linesOf } from './docker-stand.ts';
import { eventually } from './eventually.ts';
import { LAN, type NodeStand, RANGE, raiseNodeStand, type TestNode } from './node-stand.ts';

const ON_FIRST = nodeRulesOf(Placement.parse({ constraints: ['node.zone == a'] }));

let open: NodeStand;

beforeAll(async () => {
  open = await raiseNodeStand('nod');
});

afterAll(async () => {
  await open?.close();
});

function agent(index: number): TestNode {
  return open.agent(index);
}

describe('a host joins its edge', () => {
  test('with a token that is good once, for whom it was made, and until it ends', async () => {
    const { edge, ground } = open;
    const [{ address }, one, two] = [ground.first, agent(0), agent(1)];
    await expect(two.join(await edge.token(address, { endsMs: Date.now() - 1 }))).rejects.toThrow(
      'has ended',
    );
    await expect(two.join(await edge.token(address, { name: 'other' }))).rejects.toThrow(
      'for the node other',
    );
    // Somebody in between, with a certificate of his own: he must not even learn the secret.
    const elsewhere = await edge.token(address, { authority: '0'.repeat(64) });
    await expect(two.join(elsewhere)).rejects.toThrow('Nothing was told');
    const token = await edge.token(address);
    expect(await one.join(token)).toContain('joined plain');
    await expect(two.join(token)).rejects.toThrow('was used');
    await expect(two.join(await edge.token(address), one.engine.name)).rejects.toThrow('already');
    await two.join(await edge.token(address, { name: two.engine.name }));
    for (const node of open.agents) node.start();
    await edge.untilConnected('nod-n1', 'nod-n2');
  });

  test('and is a node of the cluster, with its labels', async () => {
    const { nodes, statements } = await inspectDocker(open.edge.nodes.nodes);
    expect(nodes.map(({ name, ready, labels }) => [name, ready, labels['zone']])).toEqual([
      ['nod-n1', 'True', 'a'],
      ['nod-n2', 'True', 'b'],
    ]);
    expect(statements.map(({ status }) => status)).toEqual(['True', 'True']);
    await eventually(async () => expect(await agent(1).command('status')).toContain('connected since'));
  });
});

describe('the driver of plain engines, through the agents of their nodes', () => {
  driverContract(() => open.stand);
});

function appOn(app: string, change: Partial<AppTemplate> = {}): WorkloadLeaf {
  return { ...workloadOf(app, 'local/tool:1', change), nodes: ON_FIRST };
}

describe('a host that goes down and comes up while edge and control plane are away', () => {
  test('has its containers back with their addresses and volumes, and nothing that was taken away', async () => {
    const { driver, pass } = open.stand;
    const { first } = open.ground;
    const kept = appOn('kept', {
      replicas: 1,
      pool: 'front',
      command: ['sh', '-c', 'echo run >> /data/log; exec serve :8080'],
      volumes: [{ name: 'data', path: '/data', sizeMib: 1 }],
    });
    const gone = appOn('gone', { replicas: 1 });
    for (const workload of [kept, gone]) await untilReady(driver, workload, pass);
    const [before] = (await driver.status(kept)).containers;
    await driver.remove(gone);
    await eventually(async () =>
      expect(await linesOf(open.ground, 'ps', '-aq', '--filter', 'name=gone')).toEqual([]),
    );
    // A change is under way: the new container is on trial, and will never pass.
    const changed = appOn('swap', { replicas: 1 });
    await untilReady(driver, changed, pass);
    const dead = { ready: { command: ['false'], periodSeconds: 60, timeoutSeconds: 1, failures: 5 } };
    await driver.apply({
      ...appOn('swap', { replicas: 1, environment: { NEW: '1' }, health: dead }),
      release: 2,
    });
    expect(await names()).toEqual(['acme_kept.1', 'acme_swap.1', 'acme_swap.1.next']);

    // The way to the edge leads through this host: with it the edge is gone for both.
    await first.kill();
    open.edge.nodes.stop();
    await open.relay.close();
    await first.start();
    await eventually(async () => expect(await names()).toEqual(['acme_kept.1', 'acme_swap.1']), 30_000);
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
    expect(await first.docker('inspect', '-f', format, 'acme_kept.1')).toContain(
      before?.address ?? 'no address',
    );
    expect((await first.docker('exec', 'acme_kept.1', 'cat', '/data/log')).trim().split('\n')).toEqual([
      'run',
      'run',
    ]);
    await open.second.host.check(['nc', '-z', '-w', '3', before?.address ?? '', '8080']);

    // The agent comes up alone, says that it is apart, and finds its edge when that is back.
    agent(0).start();
    await eventually(async () => expect(agent(0).output()).toContain("can't be reached"));
    await open.relay.open(first);
    const { nodes } = open.edge.restart();
    await open.edge.untilConnected('nod-n1', 'nod-n2');
    const again = createDockerDriver({ nodes, wallNow: Date.now, rangesOf: () => [RANGE], lan: LAN });
    expect(await again.apply(kept)).toEqual([]);
    for (const app of ['kept', 'swap']) await again.remove({ app, namespace: 'acme' });
    await eventually(async () => expect(await names()).toEqual([]));
  });
});

/** Of the containers of this part's apps that run at the first engine; the contract leaves some of its own. */
async function names(): Promise<string[]> {
  const filter = ['--filter', 'label=isthmus.dev/managed-by=isthmus', '--format', '{{.Names}}'];
  return (await open.ground.first.docker('ps', ...filter))
    .split('\n')
    .filter((name) => /^acme_(?:kept|gone|swap|silent)\./.test(name))
    .sort();
}

describe('a node', () => {
  test('that is silent is not empty: its containers are lost, and nothing is made twice', async () => {
    const { nodes } = open.edge.nodes;
    const driver = createDockerDriver({ nodes, wallNow: Date.now });
    const workload = appOn('silent', { replicas: 1 });
    await untilReady(driver, workload, (leaf) => driver.apply(leaf));
    await agent(0).stop();
    await eventually(async () => {
      const { containers, statements } = await driver.status(workload);
      expect([containers.map(({ reason }) => reason), statements[0]?.reason]).toEqual([
        ['node_lost'],
        'node_lost',
      ]);
    });
    expect(await driver.apply(workload)).toEqual([]);
    expect(await names()).toEqual(['acme_silent.1']);
    agent(0).start();
    await open.edge.untilConnected('nod-n1');
    expect(await driver.apply(workload)).toEqual([]);
  });

  test('gets a new key, and is sent away for good when its edge removes it', async () => {
    const before = open.edge.registry.nodes().find(({ name }) => name === 'nod-n1');
    expect(await agent(0).command('rotate')).toContain('new key');
    await eventually(async () => {
      const after = open.edge.registry.nodes().find(({ name }) => name === 'nod-n1');
      expect(after?.keys).toHaveLength(1);
      expect(after?.keys).not.toEqual(before?.keys);
    }, 40_000);
    await open.edge.untilConnected('nod-n1');
    expect(open.edge.registry.remove('nod-n1')).toBe(true);
    await eventually(async () => {
      expect(open.edge.nodes.nodes.map(({ name }) => name)).toEqual(['nod-n2']);
      expect(await agent(0).command('status').catch(String)).toContain('not connected');
    }, 40_000);
    await expect(agent(0).command('rotate')).rejects.toThrow();
    expect(await names()).toEqual(['acme_silent.1']);
  });
});
