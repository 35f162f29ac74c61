/** The clusters that the other tests raise: containers, services, nodes that fail and come back, and nothing that is left behind. The order matters. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../../local/lab.ts';
import type { KubeNode } from '../fixtures/kube/node.ts';
import { eventually } from './eventually.ts';
import { applyAll, type KubeLan, podOf, podTemplateOf, raiseKubeLan, readyPods } from './kube-lan.ts';

const NAME = 'own';
const SERVICE = '10.96.7.7';
const REPLICAS = 3;
/** So many that each replica is chosen, by all odds. */
const REQUESTS = 30;

let lab: Lab;
let lan: KubeLan;

beforeAll(async () => {
  lab = await createLab({ name: 'kube-cluster' });
  lan = await raiseKubeLan(lab, { name: NAME, nodes: 2, network: 'bridge' });
});

afterAll(async () => {
  await lan?.cluster.close();
  await lab?.destroy();
});

const kube = (...words: string[]) => lan.cluster.kube(words);

function nodeAt(index: number): KubeNode {
  const node = lan.cluster.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

async function readiness(node: KubeNode): Promise<string> {
  return kube(
    ...['get', 'node', node.name, '-o'],
    'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
  );
}

/** The service gives a client every replica in turn, and loses no request. */
async function expectAllToAnswer(): Promise<void> {
  const answers = await kube(
    ...['exec', 'client', '--', 'sh', '-c'],
    `for i in $(seq ${REQUESTS}); do get http://${SERVICE}/ || exit 1; done`,
  );
  const replicas = [...answers.matchAll(/"host":"(web-[^"]+)"/g)].map(([, host]) => host);
  expect([replicas.length, new Set(replicas).size]).toEqual([REQUESTS, REPLICAS]);
}

describe('a cluster with two nodes', () => {
  test('runs replicas on both, which all answer at the address of their service', async () => {
    const selector = { app: 'web' };
    const template = podTemplateOf({ name: 'web', labels: selector });
    await applyAll(lan.cluster, [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { replicas: REPLICAS, selector: { matchLabels: selector }, template },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { clusterIP: SERVICE, selector, ports: [{ port: 80, targetPort: 8080 }] },
      },
      podOf({ name: 'client', node: nodeAt(0).name }),
    ]);
    await kube('rollout', 'status', 'deployment/web', '--timeout=60s');
    const nodes = await kube('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].spec.nodeName}');
    expect([...new Set(nodes.split(' '))].sort()).toEqual([nodeAt(0).name, nodeAt(1).name]);
    await kube('wait', '--for=condition=Ready', 'pod/client', '--timeout=30s');
    await eventually(expectAllToAnswer);
  });

  test('shows logs and runs commands in containers of either node', async () => {
    const pods = (await kube('get', 'pods', '-l', 'app=web', '-o', 'name')).trim().split('\n');
    for (const pod of pods) {
      expect(await kube('logs', pod)).toBe('serving on :8080\n');
      expect(await kube('exec', pod, '--', 'hostname')).toBe(`${pod.replace('pod/', '')}\n`);
    }
  });

  test('takes an image that it is given', async () => {
    const node = nodeAt(0);
    const images = () => node.host.check(['ctr', '-n', 'k8s.io', 'images', 'ls', '-q']);
    await node.host.check(['ctr', '-n', 'k8s.io', 'images', 'rm', 'docker.io/local/tool:2']);
    expect(await images()).not.toContain('local/tool:2');
    await node.loadImage(`${lan.cluster.directory}/${node.name}/images/tool2.tar`);
    expect(await images()).toContain('local/tool:2');
  });
});

describe('a node', () => {
  test('that is cut off is missed although its containers go on, and is back when its network is', async () => {
    const node = nodeAt(1);
    const serving = () => node.host.check(['sh', '-c', 'pgrep -x serve | sort']);
    const before = await serving();
    expect(before).not.toBe('');
    const heal = await node.cut();
    await eventually(async () => expect(await readiness(node)).toBe('Unknown'), 30_000);
    expect(await serving()).toBe(before);
    await heal();
    await eventually(async () => expect(await readiness(node)).toBe('True'), 30_000);
  });

  test('that is killed takes its containers along, and runs them again when it is started', async () => {
    const node = nodeAt(1);
    await node.kill();
    expect((await node.host.run(['pgrep', '-x', 'serve'])).code).toBe(1);
    await eventually(async () => expect(await readiness(node)).toBe('Unknown'), 30_000);
    await node.start();
    await eventually(async () => expect(await readiness(node)).toBe('True'), 60_000);
    await eventually(expectAllToAnswer, 40_000);
  });
});

describe('the end of a cluster and its lab', () => {
  test('leaves no process, no control group, no mount and no file', async () => {
    const { cluster, hosts } = lan;
    const { directory } = cluster;
    expect((await readyPods(cluster)).size).toBe(REPLICAS + 1);
    await cluster.close();
    await lab.destroy();
    const groups = readdirSync('/sys/fs/cgroup').flatMap((controller) =>
      readdirSync(`/sys/fs/cgroup/${controller}`).filter((group) => group.startsWith(`${NAME}-n`)),
    );
    expect({
      hosts: hosts.filter(({ pid }) => existsSync(`/proc/${pid}`)).length,
      processes: commandLines().filter((line) => line.includes(directory)),
      groups,
      mounts: readFileSync('/proc/self/mounts', 'utf8').includes(directory),
      files: existsSync(directory),
    }).toEqual({ hosts: 0, processes: [], groups: [], mounts: false, files: false });
  });
});

/** Of every process of the machine; one that ends meanwhile has none. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}
