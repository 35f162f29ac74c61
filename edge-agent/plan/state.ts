/**
 * The part of a host that is ours, as plain values, and what a plan must know about the rest of it.
 * Every list is sorted, so that equal states are equal values. Nothing here reads or changes a host.
 */
import type { Firewall } from './firewall.ts';

/** Every network device of ours begins with this; firewall rules match `ist*`. */
export const DEVICE_PREFIX = 'ist';

/** Routing protocol number (`ip route ... proto 73`) that marks our routes. */
export const ROUTE_PROTOCOL = 73;

/** Metric of the routes that end at nothing: any other route of the same prefix wins. */
export const UNREACHABLE_METRIC = 65_535;

/** MTU of a tunnel until a probe has shown another one. */
export const DEFAULT_MTU = 1420;

export interface PeerState {
  readonly publicKey: string;
  /** `address:port`. Desired and absent: wherever the peer comes from. */
  readonly endpoint?: string;
  /** Prefixes, sorted by address. */
  readonly allowedIps: readonly string[];
  readonly keepaliveSeconds?: number;
  /** Desired only: peers of one owner hand prefixes to each other without a moment in which nobody has them. */
  readonly owner?: string;
}

export interface InterfaceState {
  readonly link: 'up' | 'down';
  /** Public half of the key that the interface uses; the private half is a file that only `apply` opens. */
  readonly publicKey: string;
  /** Desired and absent: any port. */
  readonly listenPort?: number;
  readonly mtu: number;
  /** Prefixes such as `100.64.0.2/32`. */
  readonly addresses: readonly string[];
  /** Sorted by public key. */
  readonly peers: readonly PeerState[];
}

export interface RouteState {
  readonly prefix: string;
  readonly device: string;
  readonly mtu?: number;
}

export interface FirewallState {
  /** Fingerprint of the text that is loaded and unaltered; a table that somebody changed has another one. */
  readonly hash: string;
  /** Fingerprint of the address translation that connection tracking was last cleared for. */
  readonly translation: string;
}

export interface HostState {
  readonly interfaces: Readonly<Record<string, InterfaceState>>;
  /** Sorted by prefix. */
  readonly routes: readonly RouteState[];
  /**
   * Prefixes that are unreachable while no tunnel carries them, sorted. Without that their packets would leak to the
   * default route, and LAN hosts would be redirected there for minutes.
   */
  readonly unreachable: readonly string[];
  readonly firewall?: FirewallState;
  /** Kernel settings by their dotted name. */
  readonly sysctls: Readonly<Record<string, string>>;
}

/** What should be: a host state whose firewall still has its text. */
export interface DesiredState extends HostState {
  readonly firewall?: Firewall;
}

export interface LanDevice {
  readonly name: string;
  /** Prefixes that are on the link. */
  readonly prefixes: readonly string[];
}

/** What a plan must know about the host beyond our own part of it. */
export interface HostFacts {
  readonly agent: string;
  readonly role: 'edge' | 'hub';
  readonly implementation: 'kernel' | 'userspace';
  /** WireGuard public key of this agent. */
  readonly publicKey: string;
  /** Public halves of the other keys that this host holds, while one replaces another. */
  readonly spareKeys?: readonly string[];
  readonly lanDevices: readonly LanDevice[];
  readonly defaultDevice?: string;
  /** Routes of the main table that are neither ours, nor on the link, nor the default route. */
  readonly foreignRoutes: readonly string[];
  readonly controlPlaneAddresses: readonly string[];
  /** Name servers of the host. */
  readonly resolvers: readonly string[];
}

/** What the agent itself has decided from its probes. */
export interface Choice {
  /** Name of the hub that routes point at; absent or unknown: the first of the document. */
  readonly activeHub?: string;
  /** Bytes. */
  readonly mtuByHub: Readonly<Record<string, number>>;
  /** Of an edge: which of its keys it speaks to a hub with; absent: the one that is set, if it is its own. */
  readonly keyByHub?: Readonly<Record<string, string>>;
  /** Of a hub: which of two keys an edge (by agent id) speaks with; absent: the one that has its prefixes. */
  readonly keyByEdge?: Readonly<Record<string, string>>;
  /** Of a hub: edges (by agent id) that are reached by another hub of the group for now. */
  readonly detours?: Readonly<Record<string, string>>;
  /** Of a hub: the hub that owns the routes of the VPC that both stand in, if that is another one and is up. */
  readonly vpcVia?: string | undefined;
}

/** A host without anything of ours, as what is and as what should be. */
export const EMPTY_STATE: HostState & DesiredState = {
  interfaces: {},
  routes: [],
  unreachable: [],
  sysctls: {},
};
