/** A cluster of two nodes with agents on them that give addresses of pools, as a customer would set it up: the manifest's rights, the installed plugin. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { PoolKeeper } from '../../edge-agent/worker/pools.ts';
import type { Running } from '../../local/command.ts';
import type { Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import type { KubeNode } from '../fixtures/kube/node.ts';
import { eventually } from './eventually.ts';
import { startKubeGate } from './kube-gate.ts';
import { raiseKubeLan } from './kube-lan.ts';

const MANIFEST = new URL('../../infra/kubernetes/isthmus.yaml', import.meta.url).pathname;
const AGENT = new URL('../../edge-agent/main.ts', import.meta.url).pathname;
/** Where plugins of the test's nodes are; each node has a copy of its own. */
export const PLUGINS = '/usr/lib/cni';
const COPY = 'cp -a /usr/lib/cni /opt/cni-copy && mount --bind /opt/cni-copy /usr/lib/cni';
export const SETTLE_MS = 1_000;

export interface PoolStand {
  readonly cluster: KubeCluster;
  readonly neighbour: Host;
  readonly keeper: PoolKeeper;
  /** What the edge's service account may do. */
  readonly client: KubeClient;
  startAgent(node: KubeNode): Promise<void>;
  stopAgent(node: KubeNode, signal: NodeJS.Signals): Promise<void>;
  logs(node: KubeNode): string;
  close(): Promise<void>;
}

export async function raisePoolStand(lab: Lab, name: string, nodes = 2): Promise<PoolStand> {
  const { cluster, neighbour, hosts } = await raiseKubeLan(lab, { name, nodes, network: 'bridge' });
  await cluster.kube(['apply', '-f', MANIFEST]);
  const gate = await startKubeGate(controlPlaneOf(hosts), cluster);
  const credentials = await readKubeconfig(await kubeconfigOf(cluster, 'isthmus-edge'));
  const client = new KubeClient({
    credentials: { ...credentials, server: gate.server, serverName: 'kubernetes' },
    wallNow: () => Date.now(),
  });
  const kubeconfig = await kubeconfigOf(cluster, 'isthmus-node');
  const agents = new Map<string, Running>();
  const startAgent = async (node: KubeNode) => {
    agents.set(node.name, await startNodeAgent(cluster, { node, kubeconfig }));
  };
  const keeper = new PoolKeeper({
    client,
    cluster: 'prod',
    wallNow: () => Date.now(),
    log: () => undefined,
    settleMs: SETTLE_MS,
  });
  for (const node of cluster.nodes) {
    await node.host.check(['sh', '-c', COPY]);
    await startAgent(node);
  }
  return {
    cluster,
    neighbour,
    keeper,
    client,
    startAgent,
    stopAgent: async (node, signal) => {
      const agent = agents.get(node.name);
      agent?.signal(signal);
      await agent?.exited;
      if (signal === 'SIGKILL') await node.host.run(['rm', '-f', '/run/isthmus/node.sock']);
    },
    logs: (node) => agents.get(node.name)?.output() ?? '',
    close: async () => {
      client.close();
      await gate.close();
      await cluster.close();
    },
  };
}

async function startNodeAgent(
  cluster: KubeCluster,
  { node, kubeconfig }: { readonly node: KubeNode; readonly kubeconfig: string },
): Promise<Running> {
  const configurations = join(cluster.directory, node.name, 'cni');
  const words = ['node', 'run', '--kubeconfig', kubeconfig, '--name', node.name];
  const places = ['--cni-bin-dir', PLUGINS, '--cni-conf-dir', configurations];
  const running = node.host.spawn([process.execPath, AGENT, ...words, ...places]);
  await eventually(() => node.host.check(['test', '-S', '/run/isthmus/node.sock']));
  return running;
}

/** Agents on all nodes of a cluster, so that its containers have addresses of pools. */
export async function raiseNodeAgents(cluster: KubeCluster): Promise<void> {
  await cluster.kube(['apply', '-f', MANIFEST]);
  const kubeconfig = await kubeconfigOf(cluster, 'isthmus-node');
  for (const node of cluster.nodes) {
    await node.host.check(['sh', '-c', COPY]);
    await startNodeAgent(cluster, { node, kubeconfig });
  }
}

function controlPlaneOf(hosts: readonly Host[]): Host {
  const [, host] = hosts;
  if (host === undefined) throw new Error('there is no control plane');
  return host;
}

/** A kubeconfig with the token of a service account of the manifest. */
export async function kubeconfigOf(cluster: KubeCluster, account: string): Promise<string> {
  const secret = await eventually(async () => {
    const words = ['-n', 'isthmus-system', 'get', 'secret', account, '-o', 'json'];
    const { data } = JSON.parse(await cluster.kube(words));
    if (data?.token === undefined) throw new Error('no token yet');
    return data;
  });
  const token = Buffer.from(secret.token, 'base64').toString();
  const authority = secret['ca.crt'];
  const path = join(cluster.directory, `${account}.kubeconfig`);
  const config = {
    clusters: [{ name: 'c', cluster: { server: cluster.server, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
