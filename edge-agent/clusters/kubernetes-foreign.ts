/** What workloads take of a Kubernetes cluster that are not of Isthmus: requests of pods that have a node. The reading of pods is pure; `readForeign` fetches them. */
import { z } from 'zod';
import type { Capacity } from '../../protocol/cluster.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { quantity } from './kubernetes-facts.ts';
import { APP_LABEL } from './kubernetes-marks.ts';

const PODS_MAX = 50_000;
const MIB = 2 ** 20;

const Requests = z
  .looseObject({ requests: z.record(z.string(), z.union([z.string(), z.number()])).default({}) })
  .default({ requests: {} });
const Containers = z.array(z.looseObject({ resources: Requests })).default([]);

export const RequestingPod = z.looseObject({
  spec: z.looseObject({
    nodeName: z.string().optional(),
    containers: Containers,
    initContainers: Containers,
    overhead: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  }),
});
export type RequestingPod = z.infer<typeof RequestingPod>;

/** Undefined where we may not list pods. Throws KubeError if the API server does not answer. */
export async function readForeign(client: KubeClient): Promise<Capacity | undefined> {
  const pods = await undefinedOn(
    listAll(client, RequestingPod, {
      path: '/api/v1/pods',
      labelSelector: `!${APP_LABEL}`,
      fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
      max: PODS_MAX,
    }),
    ['kube.forbidden'],
  );
  return pods === undefined ? undefined : foreignOf(pods);
}

/** It is a list of all pods: read now and then, and the last answer stands between, and where there is none. */
const READ_MS = 60_000;

export class ForeignLoad {
  readonly #client: KubeClient;
  readonly #now: () => number;
  #last: Capacity | undefined;
  #readAtMs: number | undefined;

  constructor(client: KubeClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** Never rejects. Undefined until it was read. */
  async read(): Promise<Capacity | undefined> {
    const nowMs = this.#now();
    if (this.#readAtMs !== undefined && nowMs - this.#readAtMs < READ_MS) return this.#last;
    this.#readAtMs = nowMs;
    this.#last = await readForeign(this.#client).catch(() => this.#last);
    return this.#last;
  }
}

/** As the scheduler counts: what containers ask for together, or what the greediest that runs before them asks for, if that is more. */
export function foreignOf(pods: readonly RequestingPod[]): Capacity {
  const placed = pods.filter(({ spec }) => spec.nodeName !== undefined && spec.nodeName !== '');
  const total = (name: string) => placed.reduce((sum, pod) => sum + asked(pod, name), 0);
  return {
    cpuMillis: Math.ceil(total('cpu') * 1_000),
    memoryMib: Math.ceil(total('memory') / MIB),
    pods: placed.length,
  };
}

function asked({ spec }: RequestingPod, name: string): number {
  const amounts = (list: RequestingPod['spec']['containers']) =>
    list.map(({ resources }) => quantity(resources.requests[name]));
  const together = amounts(spec.containers).reduce((sum, amount) => sum + amount, 0);
  return Math.max(together, ...amounts(spec.initContainers)) + quantity(spec.overhead[name]);
}
