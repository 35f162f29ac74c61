/** What should be on a hub: one device with every edge as a peer, a link to each twin, routes, and the firewall between tenants. */
import { formatPrefix, networkOf, parsePrefix } from '../../protocol/address.ts';
import type { Document, SelfLeaf } from '../../protocol/document.ts';
import { proofAddress } from '../../protocol/proof.ts';
import type { Finding } from '../../protocol/report.ts';
import { siteRules } from './desired-edge.ts';
import { closedState, type DesiredInput } from './desired-input.ts';
import { edgePeers, holdersOf, keyInUse } from './edge-peers.ts';
import { interfaceName } from './fingerprint.ts';
import { type Firewall, hubFirewall, type Pair, type TenantRules } from './firewall.ts';
import { sortPrefixes } from './intervals.ts';
import { leafOf, leavesOf } from './leaves.ts';
import {
  type Choice,
  DEFAULT_MTU,
  type DesiredState,
  type HostFacts,
  type InterfaceState,
  type RouteState,
} from './state.ts';
import { byPrefix, TCP_HEADERS_BYTES, tunnelSysctls } from './tunnels.ts';
import { type TwinLink, twinLinks } from './twins.ts';

const LINK_KEEPALIVE_SECONDS = 25;

interface Hub {
  readonly document: Document;
  readonly self: SelfLeaf;
  readonly facts: HostFacts;
  readonly choice: Choice;
  readonly before: DesiredInput['before'];
  /** The device that all edges share. */
  readonly device: string;
  readonly links: readonly TwinLink[];
}

export function desiredHub({ document, facts, choice, before }: DesiredInput): {
  state: DesiredState;
  findings: Finding[];
} {
  const self = leafOf(document, 'self');
  if (!self) return { state: closedState(), findings: [] };
  const device = interfaceName(self.agent, self.agent);
  const hub: Hub = { document, self, facts, choice, before, device, links: twinLinks(document) };
  const devices = [device, ...hub.links.map((link) => link.device)];
  const links = hub.links.map((link) => [link.device, linkOf(hub, link)] as const);
  const state = {
    interfaces: { [device]: interfaceOf(hub), ...Object.fromEntries(links) },
    routes: routesOf(hub).sort(byPrefix),
    unreachable: sharedOf(hub),
    firewall: firewallOf(hub, devices),
    sysctls: { ...tunnelSysctls(devices), ...noRedirects(devices) },
  };
  return { state, findings: [] };
}

/** What edges may be reached by, whichever it is. */
function sharedOf({ document, self }: Hub): string[] {
  return sortPrefixes([...self.pools, ...leavesOf(document, 'peer').flatMap(({ native }) => native)]);
}

/**
 * Aggregates lead to the edges' device; an edge whose leg is lost has its prefixes led to a twin meanwhile. What is for the VPC
 * goes by the hub that owns the VPC's routes: answers come back there, and a connection is tracked where both directions pass.
 */
function routesOf(hub: Hub): RouteState[] {
  const aggregates = sharedOf(hub).map((prefix) => ({ prefix, device: hub.device }));
  const own = hub.links.map((link) => ({ prefix: `${link.tunnelAddress}/32`, device: link.device }));
  const detours = leavesOf(hub.document, 'peer').flatMap(({ agent, virtual, native }) => {
    const link = hub.links.find(({ name }) => name === hub.choice.detours?.[agent]);
    return link ? [...virtual, ...native].map((prefix) => ({ prefix, device: link.device })) : [];
  });
  const owner = hub.links.find(({ name }) => name === hub.choice.vpcVia);
  const behind = owner ? (leafOf(hub.document, 'network')?.prefixes ?? []) : [];
  const vpc = behind.map(({ virtual }) => ({ prefix: virtual, device: owner?.device ?? hub.device }));
  return [
    ...new Map([...aggregates, ...own, ...detours, ...vpc].map((route) => [route.prefix, route])).values(),
  ];
}

/** All peers share one device, so every packet leaves where it came in: the kernel would call that a detour. */
function noRedirects(devices: readonly string[]): Record<string, string> {
  const each = devices.map((device) => [`net.ipv4.conf.${device}.send_redirects`, '0']);
  return { 'net.ipv4.conf.all.send_redirects': '0', ...Object.fromEntries(each) };
}

function interfaceOf({ document, self, facts, choice, before, device }: Hub): InterfaceState {
  const has = holdersOf(before?.[device]?.peers ?? []);
  return {
    link: 'up',
    publicKey: facts.publicKey,
    ...(self.listenPort === undefined ? {} : { listenPort: self.listenPort }),
    mtu: DEFAULT_MTU,
    addresses: [`${self.tunnelAddress}/32`],
    peers: leavesOf(document, 'peer')
      .flatMap((leaf) => edgePeers(leaf, keyInUse(leaf, choice.keyByEdge?.[leaf.agent], has)))
      .sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
  };
}

/** A twin may send for any edge: it has checked the source on its own device. */
function linkOf(hub: Hub, { publicKey, endpoint, listenPort }: TwinLink): InterfaceState {
  return {
    link: 'up',
    publicKey: hub.facts.publicKey,
    listenPort,
    mtu: DEFAULT_MTU,
    addresses: [`${hub.self.tunnelAddress}/32`],
    peers: [{ publicKey, endpoint, allowedIps: sharedOf(hub), keepaliveSeconds: LINK_KEEPALIVE_SECONDS }],
  };
}

function firewallOf({ document, self, links }: Hub, devices: readonly string[]): Firewall {
  const site = leafOf(document, 'network') ? { site: vpcRules(document) } : {};
  return hubFirewall({
    role: 'hub',
    pools: self.pools,
    tunnelAddress: self.tunnelAddress,
    clamps: devices.map((device) => ({ device, mss: DEFAULT_MTU - TCP_HEADERS_BYTES })),
    links: links.map(({ device }) => device).sort(),
    ports: [self.listenPort ?? [], links.map(({ listenPort }) => listenPort)].flat(2).sort((a, b) => a - b),
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
      proof: edges.map(proofAddress).sort(),
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
