/**
 * What the scheduler is told: everything as values, the time included. Ids are unique over all tenants (`acme/east`); names are what manifests say.
 * Parts that did not change between two plans should be the same objects: what is derived from them is then kept.
 */
import type { DisconnectContract } from '../../protocol/app-change.ts';
import type { Capacity, ClusterKind } from '../../protocol/cluster.ts';
import type { Placement } from '../../protocol/placement.ts';

export type Labels = Readonly<Record<string, string>>;

/** Most that all its apps may take together; what is absent is without limit. */
export interface Quota {
  readonly cpuMillis?: number;
  readonly memoryMib?: number;
  readonly replicas?: number;
}

export interface PlacedTenant {
  readonly name: string;
  readonly quota: Quota;
}

export interface PlacedSite {
  readonly id: string;
  readonly name: string;
  /** `public`: a public cloud, which residency `inside` excludes. */
  readonly location: 'private' | 'public';
  readonly labels: Labels;
  /** Of a CPU an hour in any one currency; 0 for what is paid anyway. */
  readonly costPerCpu: number;
}

/** A node that takes new containers; whole capacity, whatever runs there. */
export interface PlacedNode {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  readonly labels: Labels;
  readonly capacity: Capacity;
}

/** `heardAtMs`: when it was last heard; only `dead` says that its containers are gone. */
export interface Health {
  readonly verdict: 'alive' | 'cut_off' | 'dead' | 'unknown';
  readonly evidence: string;
  readonly heardAtMs: number;
}

export interface PlacedCluster {
  readonly id: string;
  readonly name: string;
  /** Id of its site. */
  readonly site: string;
  /** Who may run apps there. To others it does not exist, not in explanations either. */
  readonly tenants: readonly string[];
  readonly kind: ClusterKind;
  readonly labels: Labels;
  /** Of nodes that are not dead: one that only fell silent has its containers still. */
  readonly capacity: Capacity;
  /** By what is not an app of these. */
  readonly used: Capacity;
  /** Absent if they are not known: then constraints on nodes can't be met there. */
  readonly nodes?: readonly PlacedNode[];
  readonly health: Health;
  readonly policies: 'enforced' | 'ignored' | 'unknown';
  /** Absent if they are not known: then any image may be there. */
  readonly images?: readonly string[];
  readonly pools: readonly string[];
  /** Addresses that it has of each pool, whoever holds them; of pools that are not there it has as many as are asked for. */
  readonly poolSizes?: Readonly<Record<string, number>>;
}

export interface Latency {
  readonly between: readonly [string, string];
  readonly ms: number;
}

/** What a replica takes. */
export interface Need {
  readonly cpuMillis: number;
  readonly memoryMib: number;
}

export interface PlacedApp {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly replicas: number;
  readonly need: Need;
  readonly image: string;
  readonly pool?: string;
  /** `required`: only where the cluster's network enforces policies. */
  readonly isolation: 'required' | 'any';
  /** By kind of cluster, what of the app it can't do: nothing new goes there. */
  readonly lacks?: Readonly<Partial<Record<ClusterKind, string>>>;
  readonly placement: Placement;
  readonly disconnect: DisconnectContract;
  /** The words of its placement changed since it was last placed: it is divided afresh, moving what that takes. */
  readonly isReworded?: true;
}

/** Replicas of an app in a cluster. */
export interface Assignment {
  readonly cluster: string;
  readonly replicas: number;
  /**
   * `lost`: in a cluster that has been silent for longer than the app's contract; they may still run, count no more, and have stand-ins elsewhere.
   */
  readonly state: 'present' | 'lost';
  /** How many of these replicas stand in for lost ones. */
  readonly standIns: number;
}

/** What a plan hands to the next. */
export interface Placed {
  readonly app: string;
  readonly assignments: readonly Assignment[];
  /** Since when replicas that burst could return; absent while they could not. */
  readonly roomSinceMs?: number;
}

export interface Estate {
  readonly nowMs: number;
  readonly tenants: readonly PlacedTenant[];
  readonly sites: readonly PlacedSite[];
  readonly clusters: readonly PlacedCluster[];
  readonly apps: readonly PlacedApp[];
  readonly latencies: readonly Latency[];
  readonly placed: readonly Placed[];
}
