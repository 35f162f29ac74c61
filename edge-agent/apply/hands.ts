/** What the executors are handed: everything that touches the host. Tests hand in a fake host's. */
import type { Run } from './command.ts';
import type { Wireguard } from './wireguard.ts';

export interface Hands {
  readonly run: Run;
  readonly wireguard: Wireguard;
  /** File, mode 0600, with the private half of a WireGuard key of this host. */
  privateKeyFile(publicKey: string): string;
  /** Such as `/run/isthmus`: what must not outlive a boot. */
  readonly runtimeDirectory: string;
  /** Sends one small UDP datagram to a port of an address; resolves when it has left. */
  sendDatagram(address: string, port: number): Promise<void>;
}
