/** What the scheduler answers: where each app runs, and the facts from which `explain.ts` makes the sentences. */
import type { Assignment } from './estate.ts';

/** Why a cluster was refused; a cluster is refused for the first of these that holds. */
export type Refusal = {
  readonly clusters: readonly string[];
  /** They have replicas of the app, and take no more. */
  readonly holds?: true;
} & (
  | { readonly reason: 'not_named' }
  | { readonly reason: 'no_weight' }
  | { readonly reason: 'residency' }
  | { readonly reason: 'constraint'; readonly constraint: string }
  | { readonly reason: 'isolation' }
  /** `lack`: what clusters of this kind can't do. */
  | { readonly reason: 'unsupported'; readonly lack: string }
  | { readonly reason: 'pool'; readonly pool: string }
  | { readonly reason: 'nodes_unknown' }
  /** No node is of the kind that the constraints ask for, and large enough. */
  | { readonly reason: 'no_node'; readonly constraints: readonly string[] }
  | { readonly reason: 'silent'; readonly verdict: 'cut_off' | 'unknown'; readonly evidence: string }
  | { readonly reason: 'dead'; readonly evidence: string }
  | { readonly reason: 'capacity'; readonly nearest: Shortage }
  | { readonly reason: 'node_limit' }
  | { readonly reason: 'skew'; readonly by: string; readonly maxSkew: number }
  | { readonly reason: 'burst' }
);

/** What one more replica lacks, and in which of the refused clusters it lacks least. */
export interface Shortage {
  readonly cluster: string;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly pods: number;
}

/** Something that happened to the app in this plan. */
export type Note =
  | { readonly kind: 'moved_off'; readonly cluster: string; readonly replicas: number; readonly why: string }
  | { readonly kind: 'scaled_down'; readonly cluster: string; readonly replicas: number }
  | {
      readonly kind: 'gave_way';
      readonly cluster: string;
      readonly replicas: number;
      readonly to: string;
      readonly priority: number;
    }
  | {
      readonly kind: 'took_place';
      readonly cluster: string;
      readonly replicas: number;
      readonly of: string;
      readonly priority: number;
    }
  | {
      readonly kind: 'silent';
      readonly cluster: string;
      readonly replicas: number;
      readonly ageMs: number;
      readonly evidence: string;
      /** Until they count as lost; absent if the app's contract does not replace them. */
      readonly lostInMs?: number;
    }
  | {
      readonly kind: 'lost';
      readonly cluster: string;
      readonly replicas: number;
      readonly ageMs: number;
      readonly evidence: string;
    }
  | {
      readonly kind: 'reconciled';
      readonly cluster: string;
      readonly replicas: number;
      readonly kept: 'keep_oldest' | 'keep_newest';
    }
  | { readonly kind: 'room_again'; readonly replicas: number; readonly inMs: number }
  | { readonly kind: 'returned'; readonly cluster: string; readonly replicas: number }
  | { readonly kind: 'quota'; readonly tenant: string; readonly replicas: number; readonly what: string };

/** Why a cluster got new replicas. */
export interface Choice {
  readonly cluster: string;
  readonly added: number;
  /** How many more would have fitted before. */
  readonly fits: number;
  readonly points: number;
  /** What the points are for. */
  readonly merits: readonly string[];
  readonly tier: 'any' | 'private' | 'burst';
}

export interface Decision {
  readonly app: string;
  /** As many as there should be: of an app that every cluster runs, in all of them together. */
  readonly wanted: number;
  /** Sorted by cluster. */
  readonly assignments: readonly Assignment[];
  /** Of those wanted, how many have no place. */
  readonly unplaced: number;
  /** When choices and refusals were found; they are as old as that. */
  readonly decidedAtMs: number;
  /** How many clusters the tenant has. */
  readonly clusters: number;
  readonly choices: readonly Choice[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly Note[];
  readonly roomSinceMs?: number;
}
