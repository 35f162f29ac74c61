/**
 * The seams of the VPC room: what is asked of EC2, of the table that says who owns a VPC's routes, and of Cloud Map.
 * Both the functions and the hubs move routes by the same code; only they import this room.
 */
import type { RouteOwner, RoutesReport } from '../protocol/slot.ts';

/** A route of a route table, as far as we look. `destination`: a CIDR, or the id of a prefix list. */
export interface RouteView {
  readonly destination: string;
  /** Id of the network interface, if that is the target. */
  readonly interface?: string | undefined;
  /** Any target in words, for a person: `igw-1`, `local`, `eni-1`. */
  readonly target: string;
  readonly state: 'active' | 'blackhole';
}

export interface RouteTableView {
  readonly id: string;
  /** By key. */
  readonly tags: Readonly<Record<string, string>>;
  readonly routes: readonly RouteView[];
}

/** Every method throws VpcError. `destination` as in RouteView. */
export interface RouteTables {
  /** All route tables of the VPC. */
  describe(vpc: string): Promise<readonly RouteTableView[]>;
  create(table: string, destination: string, interfaceId: string): Promise<void>;
  replace(table: string, destination: string, interfaceId: string): Promise<void>;
  remove(table: string, destination: string): Promise<void>;
}

export interface PrefixListView {
  readonly id: string;
  readonly version: number;
  readonly maxEntries: number;
  readonly entries: readonly string[];
}

export interface PrefixLists {
  read(id: string): Promise<PrefixListView>;
  /** Writes if the list's version is still `version`; throws VpcError `stale` otherwise. */
  modify(
    id: string,
    change: { readonly version: number; readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void>;
}

/** Ownership and the last report, one item each. */
export interface Owners {
  /** Consistent read. */
  read(vpc: string): Promise<RouteOwner | undefined>;
  /** Writes if the stored epoch is `owner.epoch - 1` (epoch 1: if there is none). */
  claim(owner: RouteOwner): Promise<'claimed' | 'stale'>;
  report(vpc: string): Promise<RoutesReport | undefined>;
  writeReport(vpc: string, report: RoutesReport): Promise<void>;
}

/**
 * - `throttled`: slow down and try again.
 * - `missing`: the table, route, list or interface is gone.
 * - `exists`: a route for the destination is there already.
 * - `stale`: somebody else changed it meanwhile.
 * - `denied`: the credentials do not allow it.
 * - `refused`: any other refusal; `unreachable`: no answer.
 */
export type VpcFault = 'throttled' | 'missing' | 'exists' | 'stale' | 'denied' | 'refused' | 'unreachable';

export class VpcError extends Error {
  override readonly name = 'VpcError';
  readonly code: VpcFault;

  constructor(code: VpcFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
