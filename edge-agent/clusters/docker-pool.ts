/** Addresses that containers of a pool can have at plain engines. Values in, values out. */
import { formatAddress, isAddressIn, parsePrefix, sizeOf } from '../../protocol/address.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { poolNetworkName } from './docker-container.ts';

const ADDRESSES_MAX = 4_096;

/** In order, without those that a network needs itself: its first, its last, and the engine's own, which is the second. */
export function poolAddresses(prefixes: readonly string[], isOnLan: boolean): string[] {
  return prefixes.map(parsePrefix).flatMap(({ base, length }) => {
    const count = sizeOf(length);
    // On a LAN the range is a part of the LAN's, so none of it is special.
    const [skip, end] = isOnLan ? [0, count] : [2, count - 1];
    return Array.from({ length: Math.max(0, Math.min(end, ADDRESSES_MAX) - skip) }, (_, index) =>
      formatAddress(base + skip + index),
    );
  });
}

/** Name of the network that has the address; undefined if no range has it. */
export function networkOfAddress(pool: string, prefixes: readonly string[], address: string) {
  const prefix = prefixes.find((one) => isAddressIn(address, [parsePrefix(one)]));
  return prefix === undefined ? undefined : poolNetworkName(pool, prefix);
}

type Reservations = NonNullable<ClusterReport['reservations']>;

export interface PooledApps {
  readonly cluster: string;
  /** Prefixes of each pool in this cluster. */
  readonly pools: readonly { readonly name: string; readonly prefixes: readonly string[] }[];
  readonly workloads: readonly WorkloadLeaf[];
  readonly apps: readonly NonNullable<ClusterReport['apps']>[number][];
}

/** Who has which address of a pool, by what the apps are told to have; each address once. */
export function reservationsIn({ cluster, pools, workloads, apps }: PooledApps): Reservations {
  const all = apps.flatMap(({ app, instance }) => {
    const name = workloads.find((workload) => workload.app === app)?.template.pool;
    const pool = pools.find((one) => one.name === name);
    if (pool === undefined) return [];
    const prefixes = pool.prefixes.map(parsePrefix);
    return instance.containers
      .filter(({ address }) => isAddressIn(address, prefixes))
      .map(({ address, name: holder, node }) => ({
        ...{ pool: pool.name, address, cluster, app, holder, node },
        state: 'held' as const,
      }));
  });
  return [...new Map(all.map((one) => [one.address, one])).values()];
}
