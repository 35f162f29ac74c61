/**
 * Looks at the nodes of one cluster, from the cluster's side and from the site's, and lets go of containers of dead ones as their apps say. It
 * decides neither: `node-verdict.ts` judges, `replacement.ts` says what follows.
 */
import { z } from 'zod';
import type { ClusterNode } from '../../protocol/cluster.ts';
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { ObjectMeta, objectList, pathOf } from '../kube/objects.ts';
import { Mirror } from './mirror.ts';
import {
  CLUSTER_SILENT_MS,
  type Judgement,
  judge,
  type Memory,
  type NodeSight,
  remember,
  type Testimony,
} from './node-verdict.ts';
import { type AppContract, lostNodes, type PodSight, podsToRelease } from './replacement.ts';
import type { NodePlace } from './service-choice.ts';

/** Of those that seem well: enough to know that this edge can hear, too few to be a burden. */
const WELL_ASKED_MAX = 32;
const SILENT_ASKED_MAX = 256;

const NodeObject = z.looseObject({
  metadata: ObjectMeta,
  status: z.looseObject({
    addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).default([]),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});
type NodeObject = z.infer<typeof NodeObject>;

const Leases = objectList(
  z.looseObject({ metadata: ObjectMeta, spec: z.looseObject({ renewTime: z.string().optional() }) }),
);
const Pods = objectList(
  z.looseObject({ metadata: ObjectMeta, spec: z.looseObject({ nodeName: z.string().default('') }) }),
);

export interface NodeControllerOptions {
  readonly client: KubeClient;
  /** Asks a host at its internal address whether it lives. */
  readonly ask: (address: string) => Promise<Testimony>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
  readonly onEvent: (event: SiteEvent) => void;
}

export class NodeController {
  readonly #options: NodeControllerOptions;
  readonly #mirror: Mirror<NodeObject>;
  #contracts: readonly AppContract[] = [];
  #memory: Memory | undefined;
  #turn = 0;
  #fault: string | undefined;

  constructor(options: NodeControllerOptions) {
    const { client, log } = options;
    this.#options = options;
    this.#mirror = new Mirror({ client, path: '/api/v1/nodes', schema: NodeObject, log });
  }

  start(): void {
    this.#mirror.start();
  }

  close(): void {
    this.#mirror.close();
  }

  /** What apps of this cluster want of lost nodes. */
  setContracts(contracts: readonly AppContract[]): void {
    this.#contracts = contracts;
  }

  /** Undefined until the node was looked at. */
  judgement(name: string): Judgement | undefined {
    return this.#memory?.nodes.has(name) === true ? judge(this.#memory, name) : undefined;
  }

  /** Nodes that take traffic as far as anybody knows. */
  places(): readonly NodePlace[] {
    return (this.#mirror.items() ?? [])
      .filter(
        (node) => readyOf(node) === 'True' && (this.judgement(nameOf(node))?.verdict ?? 'alive') === 'alive',
      )
      .map((node) => ({ name: nameOf(node), addresses: addressesOf(node) }));
  }

  /** Why containers of dead nodes are not let go, although their apps say so; undefined while all is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** One look, and what follows from it. What the API server refuses is tried again in the next. */
  async pass(): Promise<void> {
    const nodes = this.#mirror.items();
    if (nodes === undefined) return;
    const [leases, testimonies] = await Promise.all([this.#leases(), this.#testimonies(nodes)]);
    const sights = nodes.map((node): NodeSight => {
      const name = nameOf(node);
      return { name, ready: readyOf(node), renewTime: leases?.get(name), testimony: testimonies.get(name) };
    });
    this.#memory = remember(this.#memory, {
      atMs: this.#options.now(),
      isApiServerThere: leases !== undefined,
      nodes: sights,
    });
    if (leases !== undefined) this.#fault = await this.#release(nodes.map(nameOf));
  }

  /** Renewal times by node; undefined if the API server does not answer. Who may not read them judges by conditions. */
  async #leases(): Promise<ReadonlyMap<string, string> | undefined> {
    const path = pathOf({
      group: 'coordination.k8s.io',
      version: 'v1',
      resource: 'leases',
      namespace: 'kube-node-lease',
    });
    try {
      // From the server's memory: this is asked every few seconds.
      const { items } = await this.#options.client.json(Leases, {
        method: 'GET',
        path,
        query: { resourceVersion: '0' },
        timeoutMs: 5_000,
      });
      return new Map(
        items.flatMap(({ metadata, spec }) =>
          spec.renewTime === undefined ? [] : [[metadata.name, spec.renewTime]],
        ),
      );
    } catch (cause) {
      if (cause instanceof KubeError && cause.code === 'kube.forbidden') return new Map();
      return undefined;
    }
  }

  /** Asks all that the cluster may have lost, and some of the others in turn. */
  async #testimonies(nodes: readonly NodeObject[]): Promise<ReadonlyMap<string, Testimony>> {
    const isDoubted = (node: NodeObject) =>
      readyOf(node) !== 'True' ||
      (this.judgement(nameOf(node))?.silentMs ?? 0) > CLUSTER_SILENT_MS / 4 ||
      this.judgement(nameOf(node))?.verdict !== 'alive';
    const doubted = nodes.filter(isDoubted).slice(0, SILENT_ASKED_MAX);
    const well = nodes.filter((node) => !doubted.includes(node));
    const first = well.length === 0 ? 0 : (this.#turn++ * WELL_ASKED_MAX) % well.length;
    const asked = [...doubted, ...[...well.slice(first), ...well.slice(0, first)].slice(0, WELL_ASKED_MAX)];
    const answers = await Promise.all(asked.map((node) => this.#testimony(node)));
    return new Map(answers.flatMap((answer) => (answer === undefined ? [] : [answer])));
  }

  async #testimony(node: NodeObject): Promise<readonly [string, Testimony] | undefined> {
    const [address] = addressesOf(node);
    return address === undefined ? undefined : [nameOf(node), await this.#options.ask(address)];
  }

  /** Answers what hindered it. */
  async #release(names: readonly string[]): Promise<string | undefined> {
    const context = {
      contracts: this.#contracts,
      judgementOf: (node: string) => this.judgement(node) ?? NOTHING,
    };
    try {
      for (const node of lostNodes(names, context))
        for (const pod of podsToRelease(await this.#podsOf(node), context)) await this.#delete(pod);
      return undefined;
    } catch (cause) {
      if (cause instanceof KubeError) return cause.message;
      throw cause;
    }
  }

  async #podsOf(node: string): Promise<PodSight[]> {
    const query = { fieldSelector: `spec.nodeName=${node}` };
    const { items } = await this.#options.client.json(Pods, { method: 'GET', path: '/api/v1/pods', query });
    return items.map(({ metadata, spec }) => ({
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      node: spec.nodeName,
      labels: metadata.labels ?? {},
    }));
  }

  /** Without waiting for a kubelet that is not there; only this very pod. */
  async #delete({ namespace, name, uid, node }: PodSight): Promise<void> {
    const { client, wallNow, log, onEvent } = this.#options;
    const path = pathOf({ group: '', version: 'v1', resource: 'pods', namespace, name });
    const body = JSON.stringify({ gracePeriodSeconds: 0, preconditions: { uid } });
    try {
      await client.text({ method: 'DELETE', path, body });
    } catch (cause) {
      if (cause instanceof KubeError && (cause.code === 'kube.not_found' || cause.code === 'kube.conflict'))
        return;
      throw cause;
    }
    const detail = `${namespace}/${name} of ${node} is made elsewhere. ${this.judgement(node)?.evidence ?? ''}`;
    log(detail);
    onEvent({
      id: `replaced-${uid}`,
      at: new Date(wallNow()).toISOString(),
      action: 'container.replaced',
      actor: '',
      detail: detail.slice(0, 500),
    });
  }
}

const NOTHING: Judgement = { verdict: 'unknown', evidence: '', silentMs: 0 };

function nameOf({ metadata }: NodeObject): string {
  return metadata.name;
}

function readyOf({ status }: NodeObject): ClusterNode['ready'] {
  const word = status.conditions.find(({ type }) => type === 'Ready')?.status;
  return word === 'True' || word === 'False' ? word : 'Unknown';
}

function addressesOf({ status }: NodeObject): string[] {
  return status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}
