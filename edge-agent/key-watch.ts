/**
 * A hub's eye on edges that have two keys: which of them shook hands last, and which of them WireGuard knows at all. It looks only while there is such an edge, and
 * must not move anything: it says what the choice is.
 */
import type { PeerLeaf } from '../protocol/document.ts';
import type { PeerSight } from './observe/peers.ts';
import { newestKey } from './plan/edge-peers.ts';
import { keyMark } from './probe/packet.ts';

export interface KeyWatchOptions {
  /** Peers of the hub's device as they are. */
  readonly sights: () => Promise<readonly PeerSight[]>;
  /** An edge speaks with another key now. */
  readonly onChange: () => void;
}

export class KeyWatch {
  readonly #options: KeyWatchOptions;
  #leaves: readonly PeerLeaf[] = [];
  #keyByEdge: Readonly<Record<string, string>> = {};
  #marks: ReadonlyMap<string, number> = new Map();
  #isLooking = false;

  constructor(options: KeyWatchOptions) {
    this.#options = options;
  }

  /** By agent id; nothing of an edge that has one key. */
  get keyByEdge(): Readonly<Record<string, string>> {
    return this.#keyByEdge;
  }

  /** Mark of the next key that this hub takes from a tunnel address; zero: there is none. */
  markOf(tunnelAddress: string): number {
    return this.#marks.get(tunnelAddress) ?? 0;
  }

  update(peers: readonly PeerLeaf[]): void {
    this.#leaves = peers.filter(({ nextKey }) => nextKey !== undefined);
    const agents = new Set(this.#leaves.map(({ agent }) => agent));
    this.#keyByEdge = Object.fromEntries(
      Object.entries(this.#keyByEdge).filter(([agent]) => agents.has(agent)),
    );
    if (this.#leaves.length === 0) this.#marks = new Map();
  }

  /** One look at a time: a device of thousands of peers takes its while. */
  async look(): Promise<void> {
    if (this.#leaves.length === 0 || this.#isLooking) return;
    this.#isLooking = true;
    const peers = await this.#options.sights().catch(() => undefined);
    this.#isLooking = false;
    // The next look is a tenth of a second away.
    if (peers === undefined) return;
    const leaves = this.#leaves;
    const handshakes = new Map(peers.map((peer) => [peer.publicKey, peer.handshakeSeconds]));
    const known = leaves.filter(({ nextKey }) => nextKey !== undefined && handshakes.has(nextKey));
    this.#marks = new Map(known.map(({ tunnelAddress, nextKey = '' }) => [tunnelAddress, keyMark(nextKey)]));
    const chosen = Object.fromEntries(known.map((leaf) => [leaf.agent, newestKey(leaf, handshakes)]));
    if (JSON.stringify(chosen) === JSON.stringify(this.#keyByEdge)) return;
    this.#keyByEdge = chosen;
    this.#options.onChange();
  }
}
