/** What should be on a hub: one device with every edge as a peer, routes to it, and the firewall between tenants. */
import { formatPrefix, networkOf, parsePrefix } from '../../protocol/address.ts';
import type { Document, PeerLeaf, SelfLeaf, TwinsLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { siteRules } from './desired-edge.ts';
import { closedState, type DesiredInput } from './desired-input.ts';
import { interfaceName } from './fingerprint.ts';
import { type Firewall, hubFirewall, type Pair, type TenantRules } from './firewall.ts';
import { sortPrefixes } from './intervals.ts';
import { leafOf, leavesOf } from './leaves.ts';
import {
  DEFAULT_MTU,
  type DesiredState,
  type HostFacts,
  type InterfaceState,
  type PeerState,
} from './state.ts';
import { byPrefix, TCP_HEADERS_BYTES, tunnelSysctls } from './tunnels.ts';

const TWIN_KEEPALIVE_SECONDS = 25;

export function desiredHub({ document, facts }: DesiredInput): { state: DesiredState; findings: Finding[] } {
  const self = leafOf(document, 'self');
  if (!self) return { state: closedState(), findings: [] };
  const device = interfaceName(self.agent, self.agent);
  const native = leavesOf(document, 'peer').flatMap((peer) => peer.native);
  const routes = sortPrefixes([...self.pools, ...native]).map((prefix) => ({ prefix, device }));
  const state = {
    interfaces: { [device]: interfaceOf(document, self, facts) },
    routes: routes.sort(byPrefix),
    firewall: firewallOf(document, self, device),
    sysctls: { ...tunnelSysctls([device]), ...noRedirects(device) },
  };
  return { state, findings: [] };
}

/** All peers share one device, so every packet leaves where it came in: the kernel would call that a detour. */
function noRedirects(device: string): Record<string, string> {
  return { 'net.ipv4.conf.all.send_redirects': '0', [`net.ipv4.conf.${device}.send_redirects`]: '0' };
}

function interfaceOf(document: Document, self: SelfLeaf, facts: HostFacts): InterfaceState {
  const edges = leavesOf(document, 'peer').map(edgePeer);
  const twins = leafOf(document, 'twins')?.hubs.map(twinPeer) ?? [];
  return {
    link: 'up',
    publicKey: facts.publicKey,
    ...(self.listenPort === undefined ? {} : { listenPort: self.listenPort }),
    mtu: DEFAULT_MTU,
    addresses: [`${self.tunnelAddress}/32`],
    peers: [...edges, ...twins].sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
  };
}

/** The allowed prefixes are the source check: what an edge sends from any other address is dropped by WireGuard. */
function edgePeer({ publicKey, tunnelAddress, virtual, native }: PeerLeaf): PeerState {
  return { publicKey, allowedIps: sortPrefixes([`${tunnelAddress}/32`, ...virtual, ...native]) };
}

function twinPeer({ publicKey, endpoint, tunnelAddress }: TwinsLeaf['hubs'][number]): PeerState {
  return {
    publicKey,
    endpoint,
    allowedIps: [`${tunnelAddress}/32`],
    keepaliveSeconds: TWIN_KEEPALIVE_SECONDS,
  };
}

function firewallOf(document: Document, self: SelfLeaf, device: string): Firewall {
  const site = leafOf(document, 'network') ? { site: vpcRules(document) } : {};
  return hubFirewall({
    role: 'hub',
    pools: self.pools,
    tunnelAddress: self.tunnelAddress,
    clamps: [{ device, mss: DEFAULT_MTU - TCP_HEADERS_BYTES }],
    tenants: tenantRules(document),
    ...site,
  });
}

/** The hub has checked the tenant already; a policy narrows further if the document has one. */
function vpcRules(document: Document) {
  const inbound = leafOf(document, 'policy')?.inbound ?? 'tenant';
  return { ...siteRules(document), inbound };
}

/**
 * Rules of every tenant that has a leaf; an edge of any other tenant reaches nothing. A pair that names anybody else's
 * prefix is left out: what flows between tenants is nobody's to write, and a site without an edge has nothing to join.
 */
export function tenantRules(document: Document): TenantRules[] {
  const peers = leavesOf(document, 'peer');
  const network = leafOf(document, 'network');
  return leavesOf(document, 'tenant').map(({ tenant, isolation, pairs, native }) => {
    const edges = peers.filter((peer) => peer.tenant === tenant);
    const vpc = network?.tenant === tenant ? network.prefixes : [];
    const addresses = edges.flatMap(({ tunnelAddress, virtual }) => [`${tunnelAddress}/32`, ...virtual]);
    const members = sortPrefixes([...addresses, ...vpc.map(({ virtual }) => virtual)]);
    const real = [...edges.flatMap((edge) => edge.native), ...vpc.map((mapping) => mapping.real)];
    return {
      tenant,
      isolation,
      members,
      pairs: pairsWithin(members, pairs),
      native: pairsWithin(real, native),
    };
  });
}

/** Asks for each of the 33 prefixes that hold one, not for each that is owned: a hub has thousands. */
function pairsWithin(owned: readonly string[], pairs: readonly Pair[]): Pair[] {
  const names = new Set(owned);
  const isOwned = (text: string) => {
    const { base, length } = parsePrefix(text);
    const wider = Array.from({ length: length + 1 }, (_, bits) => ({
      base: networkOf(base, bits),
      length: bits,
    }));
    return wider.some((prefix) => names.has(formatPrefix(prefix)));
  };
  return pairs.filter(({ from, to }) => isOwned(from) && isOwned(to));
}
