/**
 * Names of clusters at the hub's gateway: a map from server name to the edge that holds the cluster. A change is an entry of the running map and then the
 * file, so that nothing is reloaded and no stream is cut: a stream that runs goes on where it goes.
 */
import type { ObservedGateway } from './gateway-observed.ts';

/** `address` is the tunnel address of an edge. */
export interface ClusterEntry {
  readonly host: string;
  readonly address: string;
}

export type ClusterStep =
  | { readonly kind: 'gateway.write-clusters'; readonly clusters: readonly ClusterEntry[] }
  | ({ readonly kind: 'gateway.add-cluster' } & ClusterEntry)
  | ({ readonly kind: 'gateway.move-cluster' } & ClusterEntry)
  | { readonly kind: 'gateway.remove-cluster'; readonly host: string };

/** Nothing runs: the file alone, which must be there for HAProxy to start. */
export function planClusterFile(wanted: readonly ClusterEntry[], { files }: ObservedGateway): ClusterStep[] {
  const isThere = files.clusters !== undefined && textOf(files.clusters) === textOf(wanted);
  return isThere ? [] : [{ kind: 'gateway.write-clusters', clusters: wanted }];
}

/**
 * What goes is taken away first: a name is never led to an edge that does not have it any more. A process that was started before there were
 * clusters knows no map, and is given one by its reload.
 */
export function planClusters(wanted: readonly ClusterEntry[], observed: ObservedGateway): ClusterStep[] {
  const running = new Map(observed.running?.clusters?.map(({ host, address }) => [host, address]));
  const names = new Set(wanted.map(({ host }) => host));
  const gone = [...running.keys()].filter((host) => !names.has(host));
  const changed = wanted.filter(({ host, address }) => running.get(host) !== address);
  const live: ClusterStep[] = [
    ...gone.map((host): ClusterStep => ({ kind: 'gateway.remove-cluster', host })),
    ...changed.map(
      (entry): ClusterStep => ({
        kind: running.has(entry.host) ? 'gateway.move-cluster' : 'gateway.add-cluster',
        ...entry,
      }),
    ),
  ];
  return [...(observed.running?.clusters === undefined ? [] : live), ...planClusterFile(wanted, observed)];
}

function textOf(entries: readonly ClusterEntry[]): string {
  return entries
    .map(({ host, address }) => `${host} ${address}`)
    .sort()
    .join('\n');
}
