/**
 * The closed vocabulary of what an agent may do to its host. The union and the executors' table follow from this one map,
 * so the compiler names an executor that is missing. A step leaves its executor no choice.
 */
import type { Firewall } from './firewall.ts';
import type { PeerState, RouteState } from './state.ts';

/** Most peers that one step carries. */
export const PEERS_PER_STEP = 256;

export interface StepFields {
  /** Loads our table as one transaction. */
  loadFirewall: { readonly firewall: Firewall };
  /** Forgets tracked connections from or to these prefixes; remembers for which translation that was done. */
  flushConntrack: { readonly prefixes: readonly string[]; readonly translation: string };
  setSysctl: { readonly key: string; readonly value: string };
  /** Makes the device; whatever is left of an earlier one under this name is removed first. */
  createInterface: { readonly name: string };
  /** Sets the private key and, if given, the port. */
  configureInterface: { readonly name: string; readonly publicKey: string; readonly listenPort?: number };
  /** Sets peers; the allowed prefixes of each are replaced. */
  configurePeers: {
    readonly name: string;
    readonly peers: readonly PeerState[];
    readonly reason: PeerReason;
  };
  removePeers: { readonly name: string; readonly publicKeys: readonly string[] };
  setMtu: { readonly name: string; readonly mtu: number };
  addAddress: { readonly name: string; readonly address: string };
  removeAddress: { readonly name: string; readonly address: string };
  raise: { readonly name: string };
  /** Makes a prefix unreachable where no other route carries it. */
  blockPrefix: { readonly prefix: string };
  unblockPrefix: { readonly prefix: string };
  replaceRoute: { readonly route: RouteState };
  removeRoute: { readonly route: RouteState };
  /** Sends one packet into the tunnel, so that both ends shake hands now. */
  primeTunnel: { readonly name: string; readonly address: string };
  removeInterface: { readonly name: string };
  removeFirewall: Record<never, never>;
}

/** `withdraw`: prefixes that belong to another peer from now on are taken away first. */
export type PeerReason = 'withdraw' | 'set';

export type StepKind = keyof StepFields;
export type StepOf<Kind extends StepKind> = { readonly kind: Kind } & StepFields[Kind];
export type Step = { [Kind in StepKind]: StepOf<Kind> }[StepKind];
