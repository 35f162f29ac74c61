/** A LAN in a lab for clusters that need no site: hosts on one switch, the first of which is the control plane, and what tests ask of pods. */
import type { Lab } from '../../local/lab.ts';
import type { Host } from '../../local/lab-host.ts';
import { type KubeCluster, raiseCluster } from '../fixtures/kube/cluster.ts';
import type { NodeNetwork } from '../fixtures/kube/node-network.ts';

const FIRST = 10;
const CLIENT = 200;

export interface KubeLan {
  readonly cluster: KubeCluster;
  /** A host of the LAN that is no part of the cluster; it knows no way to pods until it is given one. */
  readonly neighbour: Host;
  readonly hosts: readonly Host[];
}

/** Raises a control plane and nodes on a LAN 10.0.0.0/24 of their own. The name is unique on the machine. */
export async function raiseKubeLan(
  lab: Lab,
  { name, nodes, network }: { readonly name: string; readonly nodes: number; readonly network: NodeNetwork },
): Promise<KubeLan> {
  const lan = await lab.bridge(`${name}-lan`);
  const plug = async (last: number) => {
    const host = await lab.host(`${name}-${last}`);
    const address = `10.0.0.${last}`;
    await lab.plug(host, 'eth0', lan);
    // Clusters look for a default route; nobody is there.
    await host.ip(`addr add ${address}/24 dev eth0`, 'route add default via 10.0.0.1');
    return { host, address };
  };
  const controlPlane = await plug(FIRST);
  const machines = await Promise.all(Array.from({ length: nodes }, (_, index) => plug(FIRST + 1 + index)));
  const neighbour = await plug(CLIENT);
  const cluster = await raiseCluster({ name, controlPlane, nodes: machines, network });
  const hosts = [controlPlane, ...machines, neighbour].map(({ host }) => host);
  return { cluster, neighbour: neighbour.host, hosts: [lan, ...hosts] };
}

export interface PodSpec {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly node?: string;
}

/** A pod that serves at 8080. */
export function podOf(pod: PodSpec): object {
  return { apiVersion: 'v1', kind: 'Pod', ...podTemplateOf(pod) };
}

/** The same as the template of a Deployment. */
export function podTemplateOf({ name, namespace = 'default', labels = {}, node }: PodSpec) {
  const container = {
    name: 'main',
    image: 'local/tool:1',
    imagePullPolicy: 'Never',
    command: ['serve', ':8080'],
    ports: [{ name: 'web', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  };
  return {
    metadata: { name, namespace, labels },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      terminationGracePeriodSeconds: 1,
      enableServiceLinks: false,
      containers: [container],
    },
  };
}

export async function applyAll({ kube }: KubeCluster, items: readonly object[]): Promise<void> {
  await kube(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** Addresses of pods by name, when all of them are ready. */
export async function readyPods(
  { kube }: KubeCluster,
  namespace = 'default',
): Promise<ReadonlyMap<string, string>> {
  await kube(['-n', namespace, 'wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s']);
  const lines = await kube([
    ...['-n', namespace, 'get', 'pods', '-o'],
    'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}',
  ]);
  return new Map(
    lines
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', address = '']) => [name, address]),
  );
}
