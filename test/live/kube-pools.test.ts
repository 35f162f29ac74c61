/** Addresses of pools on a real cluster: given, reached across nodes and from outside as they are, given back, and never twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { NodeAgents } from '../../edge-agent/worker/node-agents.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { eventually } from './eventually.ts';
import { type PoolStand, raisePoolStand } from './kube-pools-stand.ts';
import { addressesOf, burst, held, numbers, podsOf, poolApp, poolPod } from './kube-pools-steps.ts';

const CALLS = 200;
const WEB = '10.0.5.0/24';

const SMALL = '10.0.6.4/31';
const POOLS = [
  { name: 'web', prefixes: [WEB] },
  { name: 'small', prefixes: [SMALL] },
  { name: 'burst', prefixes: ['10.0.7.0/24', '10.0.8.0/29'] },
];
const INSIDE = /^10\.0\.5\.\d+$/;
const CLUSTERS_OWN = /^10\.244\.\d+\.\d+$/;

let lab: Lab;
let stand: PoolStand;

beforeAll(async () => {
  lab = await createLab({ name: 'kube-pools' });
  stand = await raisePoolStand(lab, 'pls');
  stand.keeper.set({ pools: POOLS, joined: ['10.0.0.0/16'] });
  await stand.keeper.pass();
  // Any node is a door to the pools.
  await stand.neighbour.ip('route add 10.0.4.0/22 via 10.0.0.11', 'route add 10.0.8.0/24 via 10.0.0.11');
});

afterAll(async () => {
  await stand?.close();
  await lab?.destroy();
});

const [first, second] = [() => nodeAt(0), () => nodeAt(1)];

function nodeAt(index: number) {
  const node = stand.cluster.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

const gone = (name: string) =>
  stand.cluster.kube(['delete', name, '--wait=true', '--timeout=60s', '--ignore-not-found']);

describe('an app with a pool', () => {
  test('has addresses of it on both nodes, reached across nodes, from outside and going out as they are', async () => {
    const { cluster, neighbour } = stand;
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(poolApp('web', 'web', 4)));
    await cluster.kube(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    const pods = await podsOf(stand);
    expect(new Set(pods.map(({ node }) => node)).size).toBe(2);
    for (const { address } of pods) expect(address).toMatch(INSIDE);
    expect(new Set(pods.map(({ address }) => address)).size).toBe(4);
    for (const { address } of pods)
      expect(
        JSON.parse(await neighbour.check(['curl', '-sS', '-m', '3', `http://${address}:8080/`])),
      ).toMatchObject({
        caller: expect.stringMatching(/^10\.0\.0\.200:/),
      });
    for (const from of pods)
      for (const to of pods) {
        const said = await cluster.kube(['exec', from.name, '--', 'get', `http://${to.address}:8080/`]);
        expect(JSON.parse(said).caller).toMatch(new RegExp(`^${from.address}:`));
      }
  });

  test('goes out under its own address to what is joined, and only because of our table', async () => {
    const { cluster, neighbour } = stand;
    const server = `require('http').createServer((q, a) => a.end(q.socket.remoteAddress)).listen(9000, '0.0.0.0')`;
    const listening = neighbour.spawn([process.execPath, '-e', server]);
    const [pod] = await podsOf(stand);
    if (pod === undefined) throw new Error('there is no pod');
    const ask = () => cluster.kube(['exec', pod.name, '--', 'get', 'http://10.0.0.200:9000/']);
    await eventually(async () => expect((await ask()).trim()).toBe(pod.address));
    const node = cluster.nodes.find(({ name }) => name === pod.node);
    await stand.stopAgent(node ?? first(), 'SIGTERM');
    await node?.host.nft('delete table ip isthmus-node');
    expect((await ask()).trim()).toBe(node?.address);
    await stand.startAgent(node ?? first());
    await eventually(async () => expect((await ask()).trim()).toBe(pod.address));
    await listening.stop();
  });

  test('is told to the control plane, container by container, and gives all back at its end', async () => {
    const { cluster, keeper } = stand;
    await keeper.pass();
    const pods = await podsOf(stand);
    expect(keeper.reservations()).toEqual(
      expect.arrayContaining(
        pods.map(({ name, node, address }) => ({
          ...{ pool: 'web', address, cluster: 'prod', app: 'web' },
          ...{ holder: `default/${name}`, node, state: 'held' },
        })),
      ),
    );
    await gone('deployment/web');
    await eventually(async () => expect(await held(cluster, 'web')).toEqual([]), 60_000);
  });

  test('beside it, a pod without a pool has an address of the cluster itself', async () => {
    const { cluster } = stand;
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(poolPod('plain', undefined)));
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/plain', '--timeout=60s']);
    expect((await addressesOf(stand, 'plain'))[0]).toMatch(CLUSTERS_OWN);
    await gone('pod/plain');
  });
});

test('the agents renew their signs by the rights that they have, and the edge sees them', async () => {
  const names = stand.cluster.nodes.map(({ name }) => name);
  const agents = new NodeAgents(stand.client, () => performance.now());
  await eventually(async () => {
    await agents.pass();
    expect(agents.present()).toEqual(new Set(names));
  });
  const renewed = async () => {
    const words = ['-n', 'isthmus-system', 'get', 'lease', `agent-${names[0]}`, '-o', 'json'];
    return JSON.parse(await stand.cluster.kube(words)).spec.renewTime;
  };
  const before = await renewed();
  await eventually(async () => expect(await renewed()).not.toBe(before), 60_000);
});

describe('a pool without a free address', () => {
  test('is said at the app, and the container starts when one is free', async () => {
    const { cluster, client } = stand;
    const driver = createKubernetesDriver(client, () => Date.now());
    const workload = workloadOf('full', 'local/tool:1', { pool: 'small', replicas: 3 });
    await driver.apply(workload);
    const waiting = await eventually(async () => {
      const { containers } = await driver.status(workload);
      const found = containers.filter(({ reason }) => reason === 'address_pending');
      expect(containers.filter(({ state }) => state === 'ready').length).toBe(2);
      expect(found.length).toBe(1);
      return found[0];
    }, 60_000);
    expect(waiting?.message).toContain('the pool small has no free address here: 2 usable, 2 held.');
    const ready = (await driver.status(workload)).containers.find(({ state }) => state === 'ready');
    await driver.apply({ ...workload, template: { ...workload.template, replicas: 2 } });
    expect(ready).toBeDefined();
    await eventually(async () => {
      const { containers } = await driver.status(workload);
      expect(containers.map(({ state }) => state)).toEqual(['ready', 'ready']);
    }, 60_000);
    await driver.remove(workload);
    await eventually(async () => expect(await held(cluster, 'small')).toEqual([]), 60_000);
  });

  test('that is not there at all is said as well', async () => {
    const { cluster } = stand;
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(poolPod('lost', 'nowhere')));
    await eventually(async () => {
      const events = await cluster.kube(['get', 'events', '--field-selector', 'involvedObject.name=lost']);
      expect(events).toContain('isthmus-ipam: there is no pool nowhere with a range in this cluster');
    }, 60_000);
    await gone('pod/lost');
  });
});

describe(`${CALLS} calls at once`, () => {
  test('on two nodes give as many addresses, none twice, and as many deletions give all back', async () => {
    const { cluster } = stand;
    await burst.prepare(stand, CALLS, 'burst');
    const half = numbers(CALLS);
    const parts = [half.filter((one) => one % 2 === 0), half.filter((one) => one % 2 === 1)] as const;
    const answers = await Promise.all([burst.add(first(), parts[0]), burst.add(second(), parts[1])]);
    const addresses = answers.flat().map((text) => {
      const [ip] = JSON.parse(text).ips ?? [];
      return ip?.address ?? text;
    });
    expect(addresses.filter((text) => !/^10\.0\.(7|8)\.\d+\/24$/.test(text))).toEqual([]);
    expect(new Set(addresses).size).toBe(CALLS);
    expect((await held(cluster, 'burst')).length).toBe(CALLS);
    // Asked again, a container has what it has.
    const again = await burst.add(first(), parts[0]);
    expect(new Set(again)).toEqual(new Set(answers[0]));
    await Promise.all([burst.delete(first(), parts[0]), burst.delete(second(), parts[1])]);
    await eventually(async () => expect(await held(cluster, 'burst')).toEqual([]), 30_000);
    await burst.delete(first(), parts[0]);
    await burst.clear(stand);
  });
});

describe('without an agent', () => {
  test('a pod with a pool waits and one without starts; what is deleted meanwhile is given back afterwards', async () => {
    const { cluster } = stand;
    const node = first();
    const apply = (pod: object) => cluster.kube(['apply', '-f', '-'], JSON.stringify(pod));
    await apply(poolPod('before', 'web', node.name));
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/before', '--timeout=60s']);
    await stand.stopAgent(node, 'SIGKILL');
    await apply(poolPod('free', undefined, node.name));
    await apply(poolPod('waits', 'web', node.name));
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/free', '--timeout=60s']);
    expect((await addressesOf(stand, 'free'))[0]).toMatch(CLUSTERS_OWN);
    await eventually(async () => {
      const events = await cluster.kube(['get', 'events', '--field-selector', 'involvedObject.name=waits']);
      expect(events).toContain(
        'the agent of this node does not run, and this pod wants an address of a pool',
      );
    });
    expect(await addressesOf(stand, 'waits')).toEqual(['']);
    await gone('pod/before');
    expect((await held(cluster, 'web')).length).toBe(1);
    await stand.startAgent(node);
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/waits', '--timeout=60s']);
    expect((await addressesOf(stand, 'waits'))[0]).toMatch(INSIDE);
    await eventually(async () => expect((await held(cluster, 'web')).length).toBe(1));
    await gone('pod/free');
    await gone('pod/waits');
    await eventually(async () => expect(await held(cluster, 'web')).toEqual([]));
  });
});

describe('a node that died', () => {
  test('has the addresses of its containers again when it is back, and a StatefulSet keeps its own by name', async () => {
    const { cluster, keeper, neighbour } = stand;
    const set = poolApp('db', 'web', 2, 'StatefulSet');
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(set));
    await cluster.kube(['rollout', 'status', 'statefulset/db', '--timeout=60s']);
    const before = await podsOf(stand);
    await cluster.kube(['delete', 'pod', 'db-0', '--wait=true']);
    await cluster.kube(['rollout', 'status', 'statefulset/db', '--timeout=60s']);
    const address = (pods: typeof before, name: string) => pods.find((pod) => pod.name === name)?.address;
    await eventually(async () => {
      const after = await podsOf(stand);
      expect(address(after, 'db-0')).toBe(address(before, 'db-0'));
    });
    const node =
      cluster.nodes.find(({ name }) => name === before.find((pod) => pod.name === 'db-1')?.node) ?? second();
    await node.kill();
    await node.start();
    await stand.startAgent(node);
    await eventually(async () => {
      expect(await podsOf(stand)).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'db-1' })]),
      );
      const found = await neighbour.check([
        'curl',
        '-sS',
        '-m',
        '2',
        `http://${address(before, 'db-1')}:8080/`,
      ]);
      expect(JSON.parse(found).host).toBe('db-1');
    }, 90_000);
    await cluster.kube(['delete', 'statefulset', 'db', '--wait=true']);
    await eventually(async () => {
      await keeper.pass();
      expect(await held(cluster, 'web')).toEqual([]);
    }, 60_000);
  });

  test('and does not come back has them given back, once its pods are gone for good', async () => {
    const { cluster, keeper } = stand;
    const node = second();
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(poolPod('orphan', 'web', node.name)));
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/orphan', '--timeout=60s']);
    await node.kill();
    await keeper.pass();
    expect((await held(cluster, 'web')).length).toBe(1);
    await cluster.kube(['delete', 'pod', 'orphan', '--force', '--grace-period=0']);
    await eventually(async () => {
      await keeper.pass();
      expect(await held(cluster, 'web')).toEqual([]);
    });
  });
});
