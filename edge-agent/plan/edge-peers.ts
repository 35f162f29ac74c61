/**
 * The WireGuard peers of an edge on a hub: one, and two while a next key replaces the present one. A prefix has one peer of a device, so the hub follows the edge: the
 * prefixes are with the key that shook hands last. A key that never does so gets none, and cuts nothing.
 */
import type { PeerLeaf } from '../../protocol/document.ts';
import { sortPrefixes } from './intervals.ts';
import type { PeerState } from './state.ts';

/** Keys that have prefixes. */
export function holdersOf(peers: readonly PeerState[]): ReadonlySet<string> {
  return new Set(peers.filter(({ allowedIps }) => allowedIps.length > 0).map(({ publicKey }) => publicKey));
}

/** Which of its keys an edge speaks with: as was chosen; else as it is now, so that a hub that starts takes nothing back. */
export function keyInUse(
  { publicKey, nextKey }: PeerLeaf,
  chosen: string | undefined,
  has: ReadonlySet<string>,
): string {
  if (nextKey === undefined) return publicKey;
  if (chosen === nextKey || chosen === publicKey) return chosen;
  return has.has(nextKey) ? nextKey : publicKey;
}

/** The allowed prefixes are the source check: what an edge sends from any other address is dropped by WireGuard. */
export function edgePeers(leaf: PeerLeaf, inUse: string): PeerState[] {
  const { agent, publicKey, nextKey, tunnelAddress, virtual, native } = leaf;
  const allowedIps = sortPrefixes([`${tunnelAddress}/32`, ...virtual, ...native]);
  if (nextKey === undefined) return [{ publicKey, allowedIps }];
  return [publicKey, nextKey].map((key) => ({
    publicKey: key,
    allowedIps: key === inUse ? allowedIps : [],
    owner: agent,
  }));
}

/** The edge speaks with the next key as soon as that shook hands no earlier than the present one. Unix seconds by key. */
export function newestKey(
  { publicKey, nextKey }: PeerLeaf,
  handshakes: ReadonlyMap<string, number | undefined>,
): string {
  const next = nextKey === undefined ? undefined : handshakes.get(nextKey);
  return nextKey !== undefined && next !== undefined && next >= (handshakes.get(publicKey) ?? 0)
    ? nextKey
    : publicKey;
}
