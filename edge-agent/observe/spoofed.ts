/**
 * Packets that WireGuard dropped because their source address is not the peer's. A userspace daemon's are counted a peer,
 * by the reader of its log; the kernel only counts them a device.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spoofedFile } from '../plan/runtime.ts';

export interface SpoofedInput {
  readonly device: string;
  readonly runtimeDirectory: string;
}

export interface Spoofed {
  /** Of a peer, by its public key. */
  of(publicKey: string): number;
  readonly total: number;
}

export async function readSpoofed({ device, runtimeDirectory }: SpoofedInput): Promise<Spoofed> {
  const text = await readFile(join(runtimeDirectory, spoofedFile(device)), 'utf8').catch(() => '');
  const kernel = await readFile(`/sys/class/net/${device}/statistics/rx_frame_errors`, 'utf8').catch(
    () => '0',
  );
  return spoofedOf(text, Number(kernel));
}

/** From the counter's file, one `PEER COUNT` a line, and the device's own count. */
export function spoofedOf(text: string, deviceCount: number): Spoofed {
  const counts = new Map<string, number>();
  for (const [, peer, count] of text.matchAll(/^(\S+) (\d+)$/gm))
    if (peer !== undefined) counts.set(peer, Number(count));
  const total = [...counts.values()].reduce((sum, count) => sum + count, deviceCount);
  return { total, of: (publicKey) => counts.get(abbreviate(publicKey)) ?? 0 };
}

/** As wireguard-go prints a key in its log: the first four characters and the last four before the padding. */
function abbreviate(publicKey: string): string {
  return `${publicKey.slice(0, 4)}…${publicKey.slice(39, 43)}`;
}
