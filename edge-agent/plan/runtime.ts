/**
 * Names and formats of the small files under the agent's runtime directory that `apply` writes and `observe` reads.
 * It opens none of them.
 */
import { fingerprint } from './fingerprint.ts';

/** Which firewall was loaded last, and what nft said it was just after. */
export const FIREWALL_FILE = 'firewall';

/** For which translation tracked connections were cleared last. */
export const TRANSLATION_FILE = 'translation';

/** Process id of the daemon behind a userspace device. */
export function pidFile(device: string): string {
  return `${device}.pid`;
}

/** Packets with a forbidden source, counted a peer, by the reader of the daemon's output. */
export function spoofedFile(device: string): string {
  return `${device}.spoofed`;
}

export interface FirewallRecord {
  readonly hash: string;
  /** Fingerprint of the listing without counters. */
  readonly listing: string;
}

export function firewallRecord(hash: string, listing: string): string {
  return `${hash} ${fingerprint(listing)}\n`;
}

export function readFirewallRecord(text: string): FirewallRecord | undefined {
  const [, hash, listing] = /^([0-9a-f]{16}) ([0-9a-f]{16})\n$/.exec(text) ?? [];
  return hash === undefined || listing === undefined ? undefined : { hash, listing };
}
