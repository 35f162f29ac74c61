/** What a Kubernetes cluster is: version, nodes, capacity, network. The reading of objects is pure; `inspectKubernetes` fetches them. */
import { z } from 'zod';
import {
  type Capacity,
  type ClusterFacts,
  type ClusterNode,
  IMAGES_MAX,
  type Statement,
} from '../../protocol/cluster.ts';
import { familiarImages } from '../../protocol/image.ts';
import type { KubeClient } from '../kube/client.ts';
import { CERTIFICATE_REFUSED, KubeError, undefinedOn } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { KubeObject, ObjectConditions, ObjectMeta, objectList } from '../kube/objects.ts';
import { networkOf } from './kubernetes-network.ts';

const NODES_MAX = 5_000;
const DAEMON_SETS_MAX = 2_000;
const EVIDENCE_MAX = 500;

const Quantities = z.record(z.string(), z.union([z.string(), z.number()])).default({});

export const NodeObject = z.looseObject({
  metadata: ObjectMeta,
  spec: z.looseObject({
    podCIDRs: z.array(z.string()).optional(),
    unschedulable: z.boolean().optional(),
  }),
  status: z.looseObject({
    capacity: Quantities,
    allocatable: Quantities,
    addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).default([]),
    conditions: ObjectConditions,
    images: z.array(z.looseObject({ names: z.array(z.string()).nullish() })).nullish(),
    nodeInfo: z.looseObject({ kubeletVersion: z.string().default('') }).default({ kubeletVersion: '' }),
  }),
});
export type NodeObject = z.infer<typeof NodeObject>;

/** What the site knows of a node beside the cluster. */
export type Verdicts = (node: string) => Pick<ClusterNode, 'verdict' | 'evidence'> | undefined;

const Version = z.looseObject({ gitVersion: z.string() });
const Groups = z.looseObject({ groups: z.array(z.looseObject({ name: z.string() })).default([]) });
const ServiceCidrs = objectList(
  z.looseObject({ spec: z.looseObject({ cidrs: z.array(z.string()).default([]) }) }),
);

/** Throws KubeError only if the API server does not answer or does not know us; what we may not read is left out. */
export async function inspectKubernetes(
  client: KubeClient,
  verdicts: Verdicts = () => undefined,
): Promise<ClusterFacts> {
  const version = await client.json(Version, { method: 'GET', path: '/version' });
  const [nodes, daemonSets, groups, services] = await Promise.all([
    readable(listAll(client, NodeObject, { path: '/api/v1/nodes', max: NODES_MAX })),
    readable(listAll(client, KubeObject, { path: '/apis/apps/v1/daemonsets', max: DAEMON_SETS_MAX })),
    readable(client.json(Groups, { method: 'GET', path: '/apis' })),
    readable(client.json(ServiceCidrs, { method: 'GET', path: '/apis/networking.k8s.io/v1/servicecidrs' })),
  ]);
  const items = nodes ?? [];
  return {
    version: version.gitVersion,
    network: networkOf({
      daemonSets: daemonSets?.map(({ metadata }) => metadata.name) ?? [],
      apiGroups: groups?.groups.map(({ name }) => name) ?? [],
      annotations: items.map(({ metadata }) => metadata.annotations ?? {}),
      podPrefixes: items.flatMap(({ spec }) => spec.podCIDRs ?? []).filter(isIpv4),
      servicePrefix: services?.items.flatMap(({ spec }) => spec.cidrs).find(isIpv4),
    }),
    ...summaryOf(items),
    images: familiarImages(
      items.flatMap(({ status }) => (status.images ?? []).flatMap(({ names }) => names ?? [])),
      IMAGES_MAX,
    ),
    nodes: items.map((item) => nodeOf(item, verdicts)),
    statements: [reachable(version.gitVersion), nodesStatement(items, nodes !== undefined)],
  };
}

/** A refusal is an answer too: that part is left out. */
function readable<T>(reading: Promise<T>): Promise<T | undefined> {
  return undefinedOn(reading, ['kube.forbidden', 'kube.not_found']);
}

function isIpv4(prefix: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(prefix);
}

export function nodeOf(item: NodeObject, verdicts: Verdicts): ClusterNode {
  const { metadata, spec, status } = item;
  const ready = readyOf(item);
  const seen = verdicts(metadata.name);
  return {
    name: metadata.name,
    addresses: status.addresses
      .filter(({ type, address }) => type === 'InternalIP' && isIpv4(`${address}/32`))
      .map(({ address }) => address),
    ready: ready.status,
    verdict: seen?.verdict ?? (ready.status === 'True' ? 'alive' : 'unknown'),
    evidence: (seen?.evidence ?? ready.message).slice(0, EVIDENCE_MAX),
    schedulable: spec.unschedulable !== true,
    version: status.nodeInfo.kubeletVersion,
    capacity: capacityOf(status.capacity),
    labels: metadata.labels ?? {},
  };
}

function readyOf({ status }: NodeObject): { status: ClusterNode['ready']; message: string } {
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const word = ready?.status;
  return {
    status: word === 'True' || word === 'False' ? word : 'Unknown',
    message: ready === undefined ? 'The kubelet has not reported yet.' : `${ready.reason}: ${ready.message}`,
  };
}

function summaryOf(items: readonly NodeObject[]): Pick<ClusterFacts, 'capacity' | 'allocatable'> {
  const ready = items.filter((item) => readyOf(item).status === 'True');
  return {
    capacity: sum(ready.map(({ status }) => capacityOf(status.capacity))),
    allocatable: sum(ready.map(({ status }) => capacityOf(status.allocatable))),
  };
}

function sum(all: readonly Capacity[]): Capacity {
  return all.reduce(
    (total, one) => ({
      cpuMillis: total.cpuMillis + one.cpuMillis,
      memoryMib: total.memoryMib + one.memoryMib,
      pods: total.pods + one.pods,
    }),
    { cpuMillis: 0, memoryMib: 0, pods: 0 },
  );
}

function capacityOf(quantities: z.infer<typeof Quantities>): Capacity {
  return {
    cpuMillis: Math.floor(quantity(quantities['cpu']) * 1_000),
    memoryMib: Math.floor(quantity(quantities['memory']) / 2 ** 20),
    pods: Math.floor(quantity(quantities['pods'])),
  };
}

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity (`500m`, `16Gi`, `1e3`) as a number; 0 for what is none. */
export function quantity(text: string | number | undefined): number {
  if (typeof text === 'number') return text;
  const [, digits = '', exponent = '', unit = ''] =
    /^([+-]?\d*\.?\d+)(?:([eE][+-]?\d+)|([numkMGTPE]i?|Ki)?)$/.exec(text ?? '') ?? [];
  const value = Number(`${digits}${exponent}`) * (UNITS[unit] ?? 0);
  return digits === '' || !Number.isFinite(value) ? 0 : value;
}

function reachable(version: string): Statement {
  return {
    type: 'Reachable',
    status: 'True',
    reason: 'Answers',
    message: `The API server answers as ${version}.`,
  };
}

function nodesStatement(items: readonly NodeObject[], isReadable: boolean): Statement {
  if (!isReadable)
    return {
      type: 'NodesReady',
      status: 'Unknown',
      reason: 'Forbidden',
      message: 'The edge may not list nodes: give it the rights of the manifest.',
    };
  const down = items.filter((item) => readyOf(item).status !== 'True').map(({ metadata }) => metadata.name);
  if (items.length === 0)
    return { type: 'NodesReady', status: 'False', reason: 'NoNodes', message: 'The cluster has no nodes.' };
  if (down.length === 0)
    return {
      type: 'NodesReady',
      status: 'True',
      reason: 'AllReady',
      message: `All ${items.length} nodes are ready.`,
    };
  const shown = down.slice(0, 5).join(', ');
  return {
    type: 'NodesReady',
    status: 'False',
    reason: 'NotReady',
    message: `${down.length} of ${items.length} nodes are not ready: ${shown}.`,
  };
}

/** What can be said when the API server could not be asked: everything else is as it was last known. */
export function unreachableStatement(cause: unknown): Statement {
  const code = cause instanceof KubeError ? cause.code : 'kube.failed';
  const message = cause instanceof Error ? cause.message : String(cause);
  const isUntrusted = cause instanceof KubeError && cause.reason === CERTIFICATE_REFUSED;
  const advice = code === 'kube.unauthenticated' ? `${message}. ${RENEW}` : message;
  return {
    type: 'Reachable',
    status: 'False',
    reason: isUntrusted ? CERTIFICATE_REFUSED : (REASONS[code] ?? 'Failed'),
    message: advice.slice(0, 500),
  };
}

const RENEW = 'On the edge: edge-agent cluster add kubernetes NAME --kubeconfig FILE, with a new kubeconfig.';

const REASONS: Readonly<Partial<Record<string, string>>> = {
  'kube.unreachable': 'NoAnswer',
  'kube.unauthenticated': 'CredentialsRefused',
  'kube.forbidden': 'Forbidden',
  'kube.busy': 'Busy',
};
