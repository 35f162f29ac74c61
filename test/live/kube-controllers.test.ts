/** The controllers against a real cluster: a node that is cut off from its API server, one that dies, and a Service that asks to be published. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Controllers } from '../../edge-agent/controllers/controllers.ts';
import type { Testimony } from '../../edge-agent/controllers/node-verdict.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import { DisconnectContract } from '../../protocol/app-change.ts';
import { SiteEvent } from '../../protocol/cluster-report.ts';
import { type KubeCluster, raiseCluster } from '../fixtures/kube/cluster.ts';
import { eventually, pause } from './eventually.ts';
import { startKubeGate } from './kube-gate.ts';

const PROBE = new URL('../../edge-agent/controllers/node-probe.ts', import.meta.url).href;
const PLANE = '10.0.0.10';
const PASS_MS = 2_000;
const LABELS = { 'isthmus.dev/app': 'db' };

let lab: Lab;
let edge: Host;
let cluster: KubeCluster;
let gate: Awaited<ReturnType<typeof startKubeGate>>;
let client: KubeClient;
let controllers: Controllers;
const looking = { isOn: true, done: Promise.resolve() };
const events: SiteEvent[] = [];

beforeAll(async () => {
  lab = await createLab({ name: 'kube-nodes' });
  const lan = await lab.bridge('lan');
  const plugged = async (name: string, address: string) => {
    const host = await lab.host(name);
    await lab.plug(host, 'eth0', lan);
    await host.ip(`addr add ${address}/24 dev eth0`);
    return { host, address };
  };
  edge = (await plugged('edge', '10.0.0.9')).host;
  const controlPlane = await plugged('plane', PLANE);
  const nodes = await Promise.all([1, 2, 3].map((index) => plugged(`n${index}`, `10.0.0.1${index}`)));
  cluster = await raiseCluster({ name: 'ctl', controlPlane, nodes });
  await cluster.kube(['apply', '-f', '-'], JSON.stringify(DATABASE));
  await cluster.kube(['rollout', 'status', 'statefulset/db', '--timeout=60s']);
  gate = await startKubeGate(controlPlane.host, cluster);
  const credentials = await readKubeconfig(cluster.kubeconfig);
  client = new KubeClient({
    credentials: { ...credentials, server: gate.server, serverName: 'kubernetes' },
    wallNow: () => Date.now(),
  });
  controllers = new Controllers({
    client,
    ask,
    now: () => performance.now(),
    wallNow: () => Date.now(),
    log: () => undefined,
    onEvent: (event) => events.push(SiteEvent.parse(event)),
  });
  const disconnect = DisconnectContract.parse({ lostAfterSeconds: 10, replace: true });
  controllers.setContracts([{ namespace: 'default', labels: LABELS, disconnect }]);
  controllers.setExposed(['10.0.0.0/24']);
  controllers.start();
  looking.done = look();
});

afterAll(async () => {
  looking.isOn = false;
  await looking.done;
  controllers?.close();
  client?.close();
  await gate?.close();
  await cluster?.close();
  await lab?.destroy();
});

async function look(): Promise<void> {
  while (looking.isOn) {
    await controllers.pass();
    await pause(PASS_MS);
  }
}

/** The edge asks, from where it stands. */
async function ask(address: string): Promise<Testimony> {
  const script = `console.log(await (await import('${PROBE}')).askHost('${address}'))`;
  const said = (await edge.check([process.execPath, '--input-type=module', '-e', script])).trim();
  return said === 'answers' || said === 'refuses' ? said : 'silent';
}

/** Never moved by the cluster itself: only a controller that lets go of its pods moves it. One on each node. */
const DATABASE = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db' },
  spec: {
    serviceName: 'db',
    replicas: 3,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: {
        terminationGracePeriodSeconds: 1,
        tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: LABELS },
          },
        ],
        containers: [{ name: 'db', image: 'local/tool:1', imagePullPolicy: 'Never' }],
      },
    },
  },
};

interface Placed {
  readonly uid: string;
  readonly node: string;
}

async function pods(): Promise<ReadonlyMap<string, Placed>> {
  const { items } = JSON.parse(await cluster.kube(['get', 'pods', '-o', 'json']));
  return new Map(
    items.map((pod: { metadata: { name: string; uid: string }; spec: { nodeName: string } }) => [
      pod.metadata.name,
      { uid: pod.metadata.uid, node: pod.spec.nodeName },
    ]),
  );
}

function nodeAt(index: number) {
  const node = cluster.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

const verdicts = () => cluster.nodes.map(({ name }) => controllers.verdict(name)?.verdict);

describe('nodes and services', () => {
  test('all nodes are alive, and a labelled Service is found at one of them', async () => {
    await cluster.kube(['create', 'service', 'nodeport', 'web', '--tcp=80', '--node-port=30080']);
    await cluster.kube(['label', 'service', 'web', 'isthmus.dev/expose=true']);
    await cluster.kube(['annotate', 'service', 'web', 'isthmus.dev/route=shop.example.com/cart']);
    await eventually(async () => {
      expect(verdicts()).toEqual(['alive', 'alive', 'alive']);
      expect(controllers.services()).toEqual([
        {
          name: 'web',
          source: 'default/web',
          address: expect.stringMatching(/^10\.0\.0\.1[123]$/),
          port: 30_080,
          protocol: 'tcp',
          route: { host: 'shop.example.com', path: '/cart' },
        },
      ]);
    });
    expect(controllers.statements()).toEqual([
      {
        type: 'ServicesFound',
        status: 'True',
        reason: 'AllFit',
        message: '1 labelled services can be published.',
      },
    ]);
  });

  test('a node that is cut off keeps its containers; those of a dead one are made elsewhere', async () => {
    const before = await pods();
    const [cut, dead, well] = [nodeAt(0), nodeAt(1), nodeAt(2)];
    expect(new Set([...before.values()].map(({ node }) => node)).size).toBe(3);
    await cut.host.nft(`table inet cut {
      chain in { type filter hook input priority 0; ip saddr ${PLANE} drop; }
      chain out { type filter hook output priority 0; ip daddr ${PLANE} drop; }
    }`);
    await dead.host.ip('link set eth0 down');
    await dead.host.killAll();
    const moved = await eventually(async () => {
      expect(verdicts()).toEqual(['cut_off', 'dead', 'alive']);
      const after = await pods();
      const lost = [...before].find(([, { node }]) => node === dead.name);
      const again = after.get(lost?.[0] ?? '');
      expect(again?.node).toBe(well.name);
      return { before: lost?.[1], after };
    }, 90_000);
    const kept = [...before].filter(([, { node }]) => node !== dead.name);
    expect([...moved.after].filter(([name]) => kept.some(([one]) => one === name))).toEqual(kept);
    expect(events.map(({ id, action }) => [id, action])).toEqual([
      [`replaced-${moved.before?.uid}`, 'container.replaced'],
    ]);
    expect(controllers.verdict(dead.name)?.evidence).toContain('has not heard its host for');
    expect(controllers.services()?.map(({ address }) => address)).toEqual([well.address]);
  });

  test('a node that is back in touch is alive again, with the containers that it had', async () => {
    const before = await pods();
    const cut = nodeAt(0);
    await cut.host.nft('delete table inet cut');
    await eventually(async () => expect(verdicts()).toEqual(['alive', 'dead', 'alive']), 60_000);
    expect([...(await pods())].filter(([, { node }]) => node === cut.name)).toEqual(
      [...before].filter(([, { node }]) => node === cut.name),
    );
  });
});
