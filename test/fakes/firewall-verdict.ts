/** What the rules of a firewall say about the first packet of a connection: a second opinion beside nftables' text. */
import type { EdgeRules, FirewallRules, HubRules, SiteRules } from '../../edge-agent/plan/firewall.ts';
import { containsAddress, parseAddress, parsePrefix } from '../../protocol/address.ts';
import type { Flow } from '../../protocol/document.ts';

export interface Packet {
  /** `tunnel` or `lan`: where it comes from. */
  readonly side: 'tunnel' | 'lan';
  readonly source: string;
  /** As it stands in the packet, before any translation. */
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

export function permits(rules: FirewallRules, packet: Packet): boolean {
  if (rules.role === 'edge') return permitsSite(rules, packet);
  return rules.role === 'hub' && packet.side === 'tunnel' && permitsTransit(rules, packet);
}

function within(prefixes: readonly string[], address: string): boolean {
  return prefixes.some((prefix) => containsAddress(parsePrefix(prefix), parseAddress(address)));
}

function permitsSite({ site, pools }: EdgeRules, packet: Packet): boolean {
  const real = site.mappings.map((mapping) => mapping.real);
  const remote = [...pools, ...site.native];
  if (packet.side === 'lan')
    return within(real, packet.source) && within(remote, packet.destination) && !isConfined(site, packet);
  const virtual = site.mappings.map((mapping) => mapping.virtual);
  const isVirtual = within(virtual, packet.destination) && within(pools, packet.source);
  const isNative = within(real, packet.destination) && within(site.native, packet.source);
  return (isVirtual || isNative) && mayBegin(site, packet);
}

function isConfined({ confined }: SiteRules, { source, destination }: Packet): boolean {
  return confined !== undefined && within(confined.from, source) && within(confined.to, destination);
}

function mayBegin({ inbound, flows, guarded, callers }: SiteRules, packet: Packet): boolean {
  const isLocked = guarded.some((one) => names({ ...one, from: ['0.0.0.0/0'] }, packet));
  if (isLocked && !callers.some((flow) => names(flow, packet))) return false;
  return inbound === 'tenant' || flows.some((flow) => names(flow, packet));
}

function names({ from, to, ports }: Flow, { source, destination, protocol, port }: Packet): boolean {
  const isPort = ports.length === 0 || ports.some((each) => each.protocol === protocol && each.port === port);
  return isPort && within(from, source) && within(to, destination);
}

function permitsTransit({ tenants }: HubRules, { source, destination }: Packet): boolean {
  return tenants.some(({ isolation, members, pairs, native }) => {
    const isPair = [...pairs, ...native].some(
      ({ from, to }) =>
        (within([from], source) && within([to], destination)) ||
        (within([to], source) && within([from], destination)),
    );
    return isPair || (isolation === 'open' && within(members, source) && within(members, destination));
  });
}
