/** The clusters that are served, by the server names that lead to them: the internal one of each, and for browsers the public one. It lets nobody in. */
import type { Agent } from 'node:https';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import type { Relief } from '../cache/port.ts';
import type { KubeClient } from '../kube/client.ts';
import { agentFor } from './forward.ts';

export interface ProxyCluster {
  readonly leaf: ClusterLeaf;
  readonly client: KubeClient;
  /** Answers from memory what can be answered so; without it everything goes upstream. */
  readonly relief?: Relief | undefined;
}

export interface Served extends ProxyCluster {
  readonly agent: Agent;
}

/** A cluster as it was served, and what is said of it now; undefined if it is served no more. */
export interface Change {
  readonly before: ClusterLeaf;
  readonly now: ClusterLeaf | undefined;
}

export class ServedClusters {
  #byHost: ReadonlyMap<string, Served> = new Map();
  #byName: ReadonlyMap<string, Served> = new Map();

  /** `name`: of the TLS greeting, in lower case. */
  at(name: string): Served | undefined {
    return this.#byName.get(name);
  }

  isPublic(name: string): boolean {
    return this.at(name)?.leaf.browsers?.host === name;
  }

  /** By internal name. Connections upstream of what is gone, or has other credentials, end. */
  set(clusters: ReadonlyMap<string, ProxyCluster>): readonly Change[] {
    const before = this.#byHost;
    this.#byHost = new Map(
      [...clusters].map(([host, cluster]) => {
        const known = before.get(host);
        const agent = known?.client === cluster.client ? known.agent : agentFor(cluster.client);
        return [host, { ...cluster, agent }];
      }),
    );
    // Where names meet, which the control plane sees to that they do not, the internal one is served.
    const all = [...this.#byHost.values()];
    this.#byName = new Map([
      ...all.flatMap((one) =>
        one.leaf.browsers === undefined ? [] : [[one.leaf.browsers.host, one] as const],
      ),
      ...this.#byHost,
    ]);
    for (const [host, { agent }] of before) if (this.#byHost.get(host)?.agent !== agent) agent.destroy();
    return [...before].map(([host, { leaf }]) => ({ before: leaf, now: this.#byHost.get(host)?.leaf }));
  }

  close(): void {
    for (const { agent } of this.#byHost.values()) agent.destroy();
  }
}
