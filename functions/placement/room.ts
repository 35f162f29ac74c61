/** Who holds how much of what, while a plan is made: the free room of clusters and of tenants' quotas. Nothing here decides. */
import type { Shortage } from './decision.ts';
import { fitsIn } from './eligible.ts';
import type { Need, PlacedCluster, PlacedTenant, Quota } from './estate.ts';

const floorOf = (room: number, need: number) =>
  need === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / need);

export class Room {
  readonly cpuMillis: Float64Array;
  readonly memoryMib: Float64Array;
  readonly pods: Float64Array;

  constructor(clusters: readonly PlacedCluster[]) {
    this.cpuMillis = Float64Array.from(clusters, ({ capacity, used }) => capacity.cpuMillis - used.cpuMillis);
    this.memoryMib = Float64Array.from(clusters, ({ capacity, used }) => capacity.memoryMib - used.memoryMib);
    this.pods = Float64Array.from(clusters, ({ capacity, used }) => capacity.pods - used.pods);
  }

  /** How many more replicas fit; negative where more runs than there is room for. */
  fits(cluster: number, { cpuMillis, memoryMib }: Need): number {
    return Math.min(
      floorOf(this.cpuMillis[cluster] ?? 0, cpuMillis),
      floorOf(this.memoryMib[cluster] ?? 0, memoryMib),
      this.pods[cluster] ?? 0,
    );
  }

  /** The same with a part of the cluster's capacity left free. */
  fitsBeside(
    index: number,
    cluster: PlacedCluster,
    { need, marginPercent }: { need: Need; marginPercent: number },
  ): number {
    const kept = marginPercent / 100;
    return fitsIn(
      {
        cpuMillis: (this.cpuMillis[index] ?? 0) - cluster.capacity.cpuMillis * kept,
        memoryMib: (this.memoryMib[index] ?? 0) - cluster.capacity.memoryMib * kept,
        pods: Math.floor((this.pods[index] ?? 0) - cluster.capacity.pods * kept),
      },
      need,
    );
  }

  /** Takes room for so many replicas; gives it back if negative. */
  take(cluster: number, need: Need, replicas: number): void {
    this.cpuMillis[cluster] = (this.cpuMillis[cluster] ?? 0) - need.cpuMillis * replicas;
    this.memoryMib[cluster] = (this.memoryMib[cluster] ?? 0) - need.memoryMib * replicas;
    this.pods[cluster] = (this.pods[cluster] ?? 0) - replicas;
  }

  /** What one more replica lacks. */
  shortage(cluster: number, id: string, need: Need): Shortage {
    return {
      cluster: id,
      cpuMillis: Math.max(0, need.cpuMillis - (this.cpuMillis[cluster] ?? 0)),
      memoryMib: Math.max(0, need.memoryMib - (this.memoryMib[cluster] ?? 0)),
      pods: Math.max(0, 1 - (this.pods[cluster] ?? 0)),
    };
  }
}

/** What each tenant holds, against its quota; a tenant that is not listed has none. */
export class Quotas {
  readonly #limits: ReadonlyMap<string, Quota>;
  readonly #held = new Map<string, { cpuMillis: number; memoryMib: number; replicas: number }>();

  constructor(tenants: readonly PlacedTenant[]) {
    this.#limits = new Map(tenants.map(({ name, quota }) => [name, quota]));
  }

  #of(tenant: string) {
    const held = this.#held.get(tenant) ?? { cpuMillis: 0, memoryMib: 0, replicas: 0 };
    this.#held.set(tenant, held);
    return held;
  }

  take(tenant: string, need: Need, replicas: number): void {
    const held = this.#of(tenant);
    held.cpuMillis += need.cpuMillis * replicas;
    held.memoryMib += need.memoryMib * replicas;
    held.replicas += replicas;
  }

  /** How many more replicas the quota allows, and which part of it says so. */
  allows(tenant: string, need: Need): { replicas: number; what: string } {
    const quota = this.#limits.get(tenant);
    const held = this.#of(tenant);
    const most = Number.POSITIVE_INFINITY;
    const parts = [
      {
        what: `${(quota?.cpuMillis ?? 0) / 1000} CPUs, of which ${held.cpuMillis / 1000} are taken`,
        replicas: floorOf((quota?.cpuMillis ?? most) - held.cpuMillis, need.cpuMillis),
      },
      {
        what: `${quota?.memoryMib} MiB of memory, of which ${held.memoryMib} are taken`,
        replicas: floorOf((quota?.memoryMib ?? most) - held.memoryMib, need.memoryMib),
      },
      {
        what: `${quota?.replicas} replicas, of which ${held.replicas} are taken`,
        replicas: (quota?.replicas ?? most) - held.replicas,
      },
    ];
    const tightest = parts.reduce((least, part) => (part.replicas < least.replicas ? part : least));
    return { ...tightest, replicas: Math.max(0, tightest.replicas) };
  }
}
