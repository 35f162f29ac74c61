/**
 * CPU of an app's pods as the cluster tells it: by the metrics API where somebody serves it, else by each node's kubelet through the API server, where somebody gave that right.
 * It changes nothing.
 */
import { z } from 'zod';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { ObjectMeta, pathOf } from '../kube/objects.ts';
import type { CpuReading } from '../usage/meter.ts';
import { DriverError } from './driver.ts';
import { quantity } from './kubernetes-facts.ts';
import { selectorOf } from './kubernetes-marks.ts';
import { podsOf } from './kubernetes-reads.ts';
import type { PodObject } from './kubernetes-status.ts';

const PODS_MAX = 10_000;
const NANO_PER_MS = 1_000_000;
/** Whoever may use it may do anything at a node, so it is not asked for unless there is no other way. */
const NODE_RIGHT = 'get nodes/proxy';

const PodMetrics = z.looseObject({
  metadata: ObjectMeta,
  containers: z.array(z.looseObject({ usage: z.looseObject({ cpu: z.string().default('0') }) })).default([]),
});

const Summary = z.looseObject({
  pods: z
    .array(
      z.looseObject({
        podRef: z.looseObject({ name: z.string(), namespace: z.string() }),
        cpu: z
          .looseObject({ time: z.string().default(''), usageCoreNanoSeconds: z.number().optional() })
          .optional(),
      }),
    )
    .default([]),
});

/** Of pods that are ready. Throws `driver.unsupported` where neither way is open, with what to do. */
export async function usageOfPods(client: KubeClient, workload: WorkloadLeaf): Promise<CpuReading[]> {
  const pods = (await podsOf(client, workload)).filter(isReady);
  if (pods.length === 0) return [];
  const rates = await metricsOf(client, workload);
  if (rates !== undefined)
    return pods.flatMap(({ metadata: { name } }): CpuReading[] => {
      const cpuMillis = rates.get(name);
      return cpuMillis === undefined ? [] : [{ kind: 'rate', container: name, cpuMillis }];
    });
  const nodes = [...new Set(pods.map(({ spec }) => spec.nodeName))];
  const counters = (await Promise.all(nodes.map((node) => summaryOf(client, node, workload)))).flat();
  return counters.filter(({ container }) => pods.some(({ metadata }) => metadata.name === container));
}

/** By pod; undefined where nobody serves the metrics API now. */
async function metricsOf(
  client: KubeClient,
  workload: WorkloadLeaf,
): Promise<ReadonlyMap<string, number> | undefined> {
  const type = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' };
  const labelSelector = Object.entries(selectorOf(workload))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const path = pathOf({ ...type, namespace: workload.namespace });
  try {
    const metrics = await listAll(client, PodMetrics, { path, labelSelector, max: PODS_MAX });
    return new Map(
      metrics.map(({ metadata, containers }) => [
        metadata.name,
        containers.reduce((sum, { usage }) => sum + millisOf(usage.cpu), 0),
      ]),
    );
  } catch (cause) {
    const isAbsent =
      cause instanceof KubeError &&
      ['kube.not_found', 'kube.forbidden', 'kube.busy', 'kube.failed'].includes(cause.code);
    if (isAbsent) return undefined;
    throw cause;
  }
}

async function summaryOf(
  client: KubeClient,
  node: string,
  { namespace }: WorkloadLeaf,
): Promise<CpuReading[]> {
  const proxy = pathOf({ group: '', version: 'v1', resource: 'nodes', name: node, subresource: 'proxy' });
  try {
    const { pods } = await client.json(Summary, { method: 'GET', path: `${proxy}/stats/summary` });
    return pods.flatMap(({ podRef, cpu }): CpuReading[] => {
      const atMs = Date.parse(cpu?.time ?? '');
      if (podRef.namespace !== namespace || cpu?.usageCoreNanoSeconds === undefined || !(atMs > 0)) return [];
      return [
        { kind: 'counter', container: podRef.name, usedMs: cpu.usageCoreNanoSeconds / NANO_PER_MS, atMs },
      ];
    });
  } catch (cause) {
    if (!(cause instanceof KubeError) || cause.code !== 'kube.forbidden') throw cause;
    throw new DriverError(
      'driver.unsupported',
      `CPU is not known here, because metrics.k8s.io does not answer the edge: install metrics-server and apply infra/kubernetes/isthmus.yaml, or give the edge the right to ${NODE_RIGHT}, with which one may do anything at the nodes.`,
      { cause },
    );
  }
}

function isReady({ metadata, status }: PodObject): boolean {
  const ready = status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready && metadata.deletionTimestamp === undefined;
}

/** A Kubernetes quantity of CPU in thousandths of a core; 0 of what is none. */
export function millisOf(text: string): number {
  return quantity(text) * 1_000;
}
