/** What tests and measurements of pools do: pods with a pool, and many calls of the plugin at once, without a container behind each. */
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import type { KubeNode } from '../fixtures/kube/node.ts';
import { podTemplateOf } from './kube-lan.ts';
import { PLUGINS, type PoolStand } from './kube-pools-stand.ts';

const BURST_MS_MAX = 110_000;

/** A pod that serves at 8080, with an address of the pool if there is one. */
export function poolPod(name: string, pool: string | undefined, node?: string): object {
  const { metadata, spec } = podTemplateOf({ name, ...(node === undefined ? {} : { node }) });
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...annotated(pool) }, spec };
}

export function poolApp(
  name: string,
  pool: string,
  ...[replicas, kind = 'Deployment']: [number, ('Deployment' | 'StatefulSet')?]
): object {
  const labels = { 'isthmus.dev/app': name };
  const { spec } = podTemplateOf({ name });
  const spread = {
    ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    labelSelector: { matchLabels: labels },
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas,
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...annotated(pool) },
        spec: { ...spec, topologySpreadConstraints: [spread] },
      },
    },
  };
}

function annotated(pool: string | undefined) {
  return pool === undefined ? {} : { annotations: { 'isthmus.dev/pool': pool } };
}

export interface PoolPod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

/** Pods of the default namespace. */
export async function podsOf({ cluster }: PoolStand): Promise<readonly PoolPod[]> {
  const { items } = JSON.parse(await cluster.kube(['get', 'pods', '-o', 'json']));
  return items.map(
    (pod: { metadata: { name: string }; spec: { nodeName: string }; status: { podIP?: string } }) => ({
      name: pod.metadata.name,
      node: pod.spec.nodeName,
      address: pod.status.podIP ?? '',
    }),
  );
}

export async function addressesOf(stand: PoolStand, name: string): Promise<readonly string[]> {
  return (await podsOf(stand)).filter((pod) => pod.name === name).map(({ address }) => address);
}

/** Names of the pool's objects in the cluster. */
export async function held({ kube }: KubeCluster, pool: string): Promise<readonly string[]> {
  const words = ['-n', 'isthmus-system', 'get', 'leases', '-l', `isthmus.dev/pool=${pool}`, '-o', 'name'];
  return (await kube(words)).split('\n').filter((line) => line !== '');
}

export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** As the bridge plugin hands it to its address plugin. */
const NETWORK = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  ipam: {
    type: 'isthmus-ipam',
    delegate: 'host-local',
    dataDir: '/run/burst',
    ranges: [[{ subnet: '10.200.1.0/24' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
};

/** Starts all calls at once and waits for them; one answer a line. */
const SCRIPT = `
command=$1 plugin=$2; shift 2
export CNI_COMMAND=$command CNI_NETNS=/proc/self/ns/net CNI_IFNAME=eth0 CNI_PATH=${PLUGINS}
rm -rf /run/burst-out; mkdir -p /run/burst-out
began=$(date +%s%N)
for number in "$@"; do
  CNI_CONTAINERID=burst-$number CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=burst;K8S_POD_NAME=p$number" \\
    ${PLUGINS}/$plugin </run/network.json >/run/burst-out/$number 2>&1 &
done
wait
ended=$(date +%s%N)
for number in "$@"; do tr -d '\\n' </run/burst-out/$number; echo; done
echo $(((ended - began) / 1000))
`;

async function run(node: KubeNode, command: string, ...[list, plugin]: [readonly number[], string]) {
  await node.host.write('/run/network.json', JSON.stringify(NETWORK));
  const words = ['sh', '-c', SCRIPT, 'sh', command, plugin, ...list.map(String)];
  const lines = (await node.host.check(words, { timeoutMs: BURST_MS_MAX })).trimEnd().split('\n');
  return { answers: lines.slice(0, list.length), tookMs: Number(lines.at(-1)) / 1_000 };
}

export const burst = {
  /** Pods that no node takes: only what they say of themselves matters. */
  prepare: async ({ cluster }: PoolStand, count: number, pool: string) => {
    const pods = numbers(count).map((number) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${number}`, namespace: 'burst', annotations: { 'isthmus.dev/pool': pool } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'local/none:1' }] },
    }));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'burst' } };
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(namespace));
    await cluster.kube(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }),
    );
  },
  run,
  add: async (node: KubeNode, list: readonly number[]) =>
    (await run(node, 'ADD', list, 'isthmus-ipam')).answers,
  delete: async (node: KubeNode, list: readonly number[]) =>
    (await run(node, 'DEL', list, 'isthmus-ipam')).answers,
  clear: ({ cluster }: PoolStand) => cluster.kube(['delete', 'namespace', 'burst', '--wait=false']),
};
