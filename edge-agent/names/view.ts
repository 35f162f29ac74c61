/**
 * What the names of a document mean: which services are answered here, and to which clients. Pure: the document in,
 * the view out.
 */
import { type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { Document, Leaf, NetworkLeaf, PeerLeaf, SelfLeaf } from '../../protocol/document.ts';
import type { AppsLeaf, NamesLeaf } from '../../protocol/reach-leaf.ts';
import type { AppName, ClientRange, NamesView, ServiceName } from './answer.ts';

/** Ranges that a host of a private network has; nobody else is served, so that this is never an open resolver. */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16'];

interface Leaves {
  readonly self: SelfLeaf;
  readonly network: NetworkLeaf | undefined;
  readonly names: readonly NamesLeaf[];
  readonly apps: readonly AppsLeaf[];
  readonly peers: readonly PeerLeaf[];
}

/** Undefined if the document does not say who the agent is. */
export function namesView(document: Document): NamesView | undefined {
  const leaves = leavesOf(document);
  if (leaves === undefined) return undefined;
  return {
    role: leaves.self.role,
    domain: leaves.self.domain,
    services: leaves.names.flatMap(servicesOf),
    apps: leaves.apps.flatMap(appsOf),
    own: leaves.self.role === 'edge' ? (leaves.network?.prefixes ?? []).map(virtualOf) : [],
    sites: sitesOf(leaves),
    clients: leaves.self.role === 'edge' ? edgeClients(leaves) : hubClients(leaves),
  };
}

function leavesOf(document: Document): Leaves | undefined {
  const all: readonly Leaf[] = Object.values(document.leaves);
  const self = all.find((leaf) => leaf.kind === 'self');
  if (self === undefined) return undefined;
  return {
    self,
    network: all.find((leaf) => leaf.kind === 'network'),
    names: all.filter((leaf) => leaf.kind === 'names'),
    apps: all.filter((leaf) => leaf.kind === 'apps'),
    peers: all.filter((leaf) => leaf.kind === 'peer'),
  };
}

function servicesOf(leaf: NamesLeaf): ServiceName[] {
  return leaf.services.map(({ name, real, virtual }) => ({
    tenant: leaf.tenant,
    site: leaf.site,
    name,
    real,
    virtual,
  }));
}

function appsOf({ tenant, site, apps }: AppsLeaf): AppName[] {
  return apps.map(({ name, endpoints }) => ({ tenant, site, name, endpoints }));
}

function virtualOf({ virtual }: NetworkLeaf['prefixes'][number]): Prefix {
  return parsePrefix(virtual);
}

/** A site without services is known too: its names do not exist, and nobody else need be asked. */
function sitesOf({ names, peers, network }: Leaves): string[] {
  const holders = [...names, ...peers, ...(network === undefined ? [] : [network])];
  return [...new Set(holders.map(({ tenant, site }) => `${tenant}/${site}`))];
}

/** An edge serves its LAN with real addresses; whoever comes by the tunnel is a member of the same tenant. */
function edgeClients({ self, network, names }: Leaves): ClientRange[] {
  const tenant = self.tenant ?? network?.tenant ?? names[0]?.tenant;
  const site = self.site ?? network?.site ?? names[0]?.site;
  if (tenant === undefined || site === undefined) return [];
  const own = (network?.prefixes ?? []).map(({ real }) => ({ prefix: parsePrefix(real), tenant, site }));
  const pools = self.pools.map((pool) => ({ prefix: parsePrefix(pool), tenant }));
  const near = PRIVATE_RANGES.map((range) => ({ prefix: parsePrefix(range), tenant, site }));
  return [...own, ...pools, ...near];
}

/** A hub knows its clients by their source alone: WireGuard has checked it per peer. */
function hubClients({ network, peers }: Leaves): ClientRange[] {
  const lan = (network?.prefixes ?? []).map(({ real }) => ({
    prefix: parsePrefix(real),
    tenant: network?.tenant ?? '',
    site: network?.site ?? '',
  }));
  const members = peers.flatMap((peer) =>
    [`${peer.tunnelAddress}/32`, ...peer.virtual, ...peer.native].map((range) => ({
      prefix: parsePrefix(range),
      tenant: peer.tenant,
    })),
  );
  return [...lan, ...members];
}
