/**
 * The WireGuard binding: one interface, two doors behind it. The UAPI socket serves userspace daemons, `wg` the kernel.
 * Keys go by file or socket, never on a command line.
 */
import type { PeerState } from '../plan/state.ts';

/** A peer as it is, with what the tunnel has seen of it. */
export interface DevicePeer extends PeerState {
  /** Unix time, absent before the first handshake. */
  readonly handshakeSeconds?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** A WireGuard device as it is. Peers are sorted by public key, prefixes by address. */
export interface Device {
  /** Empty if no key is set. */
  readonly publicKey: string;
  readonly listenPort: number;
  readonly peers: readonly DevicePeer[];
}

export interface DeviceConfiguration {
  /** WireGuard base64, as `wg genkey` prints it; mode 0600. */
  readonly privateKeyFile: string;
  readonly listenPort?: number;
}

/** How a device is read and configured. All but `show` reject with a WireguardError. */
export interface WireguardDoor {
  /** Undefined if there is no such device, or nobody answers for it. */
  show(name: string): Promise<Device | undefined>;
  configure(name: string, configuration: DeviceConfiguration): Promise<void>;
  /** Adds or changes peers; the allowed prefixes of each are replaced. */
  setPeers(name: string, peers: readonly PeerState[]): Promise<void>;
  removePeers(name: string, publicKeys: readonly string[]): Promise<void>;
}

/** How devices come and go. */
export interface Wireguard extends WireguardDoor {
  readonly implementation: 'kernel' | 'userspace';
  /** Whatever is left of an earlier device under this name is removed first. */
  create(name: string): Promise<void>;
  /** Harmless if there is none. */
  remove(name: string): Promise<void>;
}

export class WireguardError extends Error {
  readonly code: 'wireguard.refused' | 'wireguard.no_binary' | 'wireguard.not_ready';
  constructor(code: WireguardError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
