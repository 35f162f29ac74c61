/** What should be on an edge: a tunnel to each hub, routes to the active one, and the firewall of its site. */
import type { Document, HubsLeaf, SelfLeaf } from '../../protocol/document.ts';
import type { Finding } from '../../protocol/report.ts';
import { closedState, type DesiredInput } from './desired-input.ts';
import { interfaceName } from './fingerprint.ts';
import { edgeFirewall, type Firewall, type ProofRules, type SiteRules } from './firewall.ts';
import { sortPrefixes } from './intervals.ts';
import { leafOf } from './leaves.ts';
import {
  type Choice,
  DEFAULT_MTU,
  type DesiredState,
  type HostFacts,
  type InterfaceState,
  type RouteState,
} from './state.ts';
import { byPrefix, TCP_HEADERS_BYTES, tunnelSysctls } from './tunnels.ts';

const KEEPALIVE_SECONDS = 25;

type Hub = HubsLeaf['hubs'][number];

interface Edge {
  readonly self: SelfLeaf;
  readonly hubs: readonly Hub[];
  readonly site: SiteRules;
  readonly hasClusters: boolean;
  readonly proof?: ProofRules | undefined;
  readonly facts: HostFacts;
  readonly choice: Choice;
  readonly before: DesiredInput['before'];
}

export function desiredEdge(input: DesiredInput): { state: DesiredState; findings: Finding[] } {
  const { document, facts, choice, before } = input;
  const self = leafOf(document, 'self');
  if (!self) return { state: closedState(), findings: [] };
  const hubs = leafOf(document, 'hubs')?.hubs ?? [];
  const hasClusters = leafOf(document, 'cluster') !== undefined;
  const proof = proofOf(document, self);
  const edge: Edge = { self, hubs, site: siteRules(document), hasClusters, proof, facts, choice, before };
  return { state: stateOf(edge), findings: hubs.length === 0 ? [NO_HUB] : [] };
}

function proofOf(document: Document, { tunnelAddress }: SelfLeaf): ProofRules | undefined {
  const proof = leafOf(document, 'proof');
  return proof && { address: proof.address, tunnelAddress };
}

const NO_HUB: Finding = {
  code: 'edge.no_hub',
  level: 'warning',
  message: 'The document names no hub, so there is no tunnel.',
  fix: 'Create a hub and install its agent; the edge follows by itself.',
};

/** Of an edge's site or a hub's VPC. Without a policy nothing may begin outside. */
export function siteRules(document: Document): SiteRules {
  const network = leafOf(document, 'network');
  const policy = leafOf(document, 'policy');
  return {
    mappings: network?.prefixes ?? [],
    native: sortPrefixes(network?.native.flatMap(({ prefixes }) => prefixes) ?? []),
    lan: network?.lan ?? 'routed',
    inbound: policy?.inbound ?? 'listed',
    flows: policy?.flows ?? [],
    guarded: policy?.guarded ?? [],
    callers: policy?.callers ?? [],
    ...(policy?.confined && { confined: policy.confined }),
  };
}

function stateOf(edge: Edge): DesiredState {
  const devices = edge.hubs.map((hub) => deviceOf(edge, hub));
  return {
    interfaces: Object.fromEntries(edge.hubs.map((hub) => [deviceOf(edge, hub), interfaceOf(edge, hub)])),
    routes: routesOf(edge).sort(byPrefix),
    unreachable: sharedOf(edge),
    firewall: firewallOf(edge),
    sysctls: tunnelSysctls(devices),
  };
}

function deviceOf({ self }: Edge, hub: Hub): string {
  return interfaceName(self.agent, hub.name);
}

function mtuOf({ choice }: Edge, hub: Hub): number {
  return choice.mtuByHub[hub.name] ?? DEFAULT_MTU;
}

/** Every hub's peer holds every prefix: WireGuard's list is also the source filter, and traffic may come by any hub. */
function interfaceOf(edge: Edge, hub: Hub): InterfaceState {
  const { self } = edge;
  const allowedIps = sharedOf(edge);
  const { publicKey, endpoint } = hub;
  return {
    link: 'up',
    publicKey: legKey(edge, hub),
    // The device takes what WireGuard can; what the path takes stands on the routes, so that larger probes still leave whole.
    mtu: DEFAULT_MTU,
    addresses: [`${self.tunnelAddress}/32`],
    peers: [{ publicKey, endpoint, allowedIps, keepaliveSeconds: KEEPALIVE_SECONDS }],
  };
}

/** One leg after the other gets the next key; a key that is not this host's is nobody's choice. */
function legKey(edge: Edge, hub: Hub): string {
  const { facts, choice, before } = edge;
  const own = [facts.publicKey, ...(facts.spareKeys ?? [])];
  const wished = [choice.keyByHub?.[hub.name], before?.[deviceOf(edge, hub)]?.publicKey];
  return wished.find((key) => key !== undefined && own.includes(key)) ?? facts.publicKey;
}

/** What any hub may carry. */
function sharedOf({ self, site }: Edge): string[] {
  return sortPrefixes([...self.pools, ...site.native]);
}

/** Aggregates point at the active hub; each hub's own address at its own tunnel, so that all are probed all the time. */
function routesOf(edge: Edge): RouteState[] {
  const active = edge.hubs.find(({ name }) => name === edge.choice.activeHub) ?? edge.hubs[0];
  if (!active) return [];
  const device = deviceOf(edge, active);
  const mtu = mtuOf(edge, active);
  const narrow = mtu < DEFAULT_MTU ? { mtu } : {};
  const shared = sharedOf(edge).map((prefix) => ({ prefix, device, ...narrow }));
  const own = edge.hubs.map((hub) => ({ prefix: `${hub.tunnelAddress}/32`, device: deviceOf(edge, hub) }));
  return [...shared, ...own];
}

function firewallOf(edge: Edge): Firewall {
  return edgeFirewall({
    role: 'edge',
    pools: edge.self.pools,
    hubAddresses: edge.hubs.map(({ tunnelAddress }) => tunnelAddress),
    hasClusters: edge.hasClusters,
    clamps: edge.hubs.map((hub) => ({
      device: deviceOf(edge, hub),
      mss: mtuOf(edge, hub) - TCP_HEADERS_BYTES,
    })),
    site: edge.site,
    proof: edge.proof,
  });
}
