/** What tunnels have seen of their peers, for status and for the hubs' reports of liveness. */
import type { DevicePeer, WireguardDoor } from '../apply/wireguard.ts';
import { readSpoofed, type SpoofedInput } from './spoofed.ts';

export interface PeerSight {
  readonly device: string;
  readonly publicKey: string;
  /** Where the peer's packets come from now. */
  readonly endpoint?: string;
  /** Unix time in seconds; absent before the first handshake. */
  readonly handshakeSeconds?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Packets that were dropped because their source is not the peer's own. */
  readonly spoofedPackets: number;
}

export interface PeersInput extends SpoofedInput {
  readonly wireguard: Pick<WireguardDoor, 'show'>;
}

/** All peers of a device; none if it does not answer. */
export async function observePeers(input: PeersInput): Promise<PeerSight[]> {
  const [device, spoofed] = await Promise.all([input.wireguard.show(input.device), readSpoofed(input)]);
  const sights = device?.peers.map((peer) => sightOf(input.device, peer)) ?? [];
  return sights.map((sight) => ({ ...sight, spoofedPackets: spoofed.of(sight.publicKey) }));
}

function sightOf(device: string, peer: DevicePeer) {
  const { publicKey, endpoint, handshakeSeconds, receivedBytes, sentBytes } = peer;
  return {
    device,
    publicKey,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(handshakeSeconds === undefined ? {} : { handshakeSeconds }),
    receivedBytes,
    sentBytes,
  };
}

/** An edge with two keys is one: the key that shook hands last says where it is, and what passed by either counts. */
export function joinedSight(sights: readonly PeerSight[]): PeerSight | undefined {
  const [newest] = [...sights].sort((a, b) => (b.handshakeSeconds ?? 0) - (a.handshakeSeconds ?? 0));
  const sum = (of: (sight: PeerSight) => number) => sights.reduce((all, sight) => all + of(sight), 0);
  return (
    newest && {
      ...newest,
      receivedBytes: sum(({ receivedBytes }) => receivedBytes),
      sentBytes: sum(({ sentBytes }) => sentBytes),
      spoofedPackets: sum(({ spoofedPackets }) => spoofedPackets),
    }
  );
}
