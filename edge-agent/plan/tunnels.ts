/** What every tunnel device wants of the host, whatever the agent's role. */
import { comparePrefixes, parsePrefix } from '../../protocol/address.ts';
import type { RouteState } from './state.ts';

/** IPv4 and TCP headers without options. */
export const TCP_HEADERS_BYTES = 40;

/**
 * Forwarding, and loose reverse-path checks: packets of one connection may come by one hub and leave by another,
 * and WireGuard has checked the source already.
 */
export function tunnelSysctls(devices: readonly string[]): Record<string, string> {
  const loose = devices.map((device) => [`net.ipv4.conf.${device}.rp_filter`, '2']);
  return { 'net.ipv4.ip_forward': '1', ...Object.fromEntries(loose) };
}

export function byPrefix(a: RouteState, b: RouteState): number {
  return comparePrefixes(parsePrefix(a.prefix), parsePrefix(b.prefix));
}
