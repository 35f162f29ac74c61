/**
 * Whom each edge asks whether the isolation of its tenant holds. The sites of a tenant stand in a ring, and each edge asks at the next few: every site asks and is asked, few
 * documents change when one joins, and a large tenant costs no more packets an edge than a small one.
 */
import { isAddressIn, type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { ProofLeaf } from '../../protocol/document.ts';
import { JUDGED_PORT, proofAddress } from '../../protocol/proof.ts';
import { carriedBy, type EdgeFacts, type HubFacts, isLive, siteOf, type TenantEstate } from './estate.ts';
import { sortedBy } from './order.ts';
import { grantsOf } from './policy.ts';
import { portsAt } from './policy-end.ts';

/** Others that one edge asks. */
export const PROOF_PEERS_MAX = 3;

type Peer = ProofLeaf['peers'][number];

/** The proof leaf of a live edge whose site is there. */
export function proofLeaf(
  edge: EdgeFacts,
  { tenant, hubs }: { readonly tenant: TenantEstate; readonly hubs: readonly HubFacts[] },
): ProofLeaf {
  const own = peerOf(edge, tenant, hubs);
  const isolated = tenant.isolation === 'isolated';
  const joined = isolated ? joinedTo(own, tenant) : new Map<string, Prefix[]>();
  const peers: Peer[] = [];
  for (const other of othersInTurn(edge, tenant)) {
    if (peers.length === PROOF_PEERS_MAX) break;
    const peer = peerOf(other, tenant, hubs);
    if (!isAddressIn(peer.address, joined.get(peer.site) ?? [])) peers.push(peer);
  }
  return { kind: 'proof', address: own.address, isolated, peers };
}

/** Edges that would ask one of this site while no policy joins them to anybody. */
export function askersOf(site: string, tenant: TenantEstate): EdgeFacts[] {
  return tenant.edges.filter((edge) => {
    if (!isLive(edge)) return false;
    let asked = 0;
    for (const other of othersInTurn(edge, tenant)) {
      if (other.site === site) return true;
      asked += 1;
      if (asked === PROOF_PEERS_MAX) return false;
    }
    return false;
  });
}

interface RingSite {
  readonly site: string;
  /** Live, by name. */
  readonly edges: readonly EdgeFacts[];
}

const RINGS = new WeakMap<TenantEstate['edges'], readonly RingSite[]>();

/** Sites with live edges, by name; made once for a tenant, because each of its many edges asks. */
function ringOf(tenant: TenantEstate): readonly RingSite[] {
  const known = RINGS.get(tenant.edges);
  if (known !== undefined) return known;
  const bySite = new Map<string, EdgeFacts[]>();
  for (const edge of sortedBy(tenant.edges.filter(isLive), ({ name }) => name)) {
    const edges = bySite.get(edge.site) ?? [];
    edges.push(edge);
    bySite.set(edge.site, edges);
  }
  const there = [...bySite].filter(([site]) => siteOf(tenant, site) !== undefined);
  const ring = sortedBy(there, ([site]) => site).map(([site, edges]) => ({ site, edges }));
  RINGS.set(tenant.edges, ring);
  return ring;
}

/** One edge of each site after the own one, all round; then a second one of those that have more. Edges of one site begin at different ones of the others. */
function* othersInTurn(edge: EdgeFacts, tenant: TenantEstate): Generator<EdgeFacts> {
  const ring = ringOf(tenant);
  const at = ring.findIndex(({ site }) => site === edge.site);
  const place = ring[at]?.edges.findIndex(({ id }) => id === edge.id) ?? 0;
  const others = [...ring.slice(at + 1), ...ring.slice(0, Math.max(at, 0))];
  const rounds = Math.max(0, ...others.map(({ edges }) => edges.length));
  for (let round = 0; round < rounds; round += 1)
    for (const { edges } of others) {
      const other = round < edges.length ? edges[(place + round) % edges.length] : undefined;
      if (other !== undefined) yield other;
    }
}

function peerOf(edge: EdgeFacts, tenant: TenantEstate, hubs: readonly HubFacts[]): Peer {
  const site = siteOf(tenant, edge.site);
  const carried = site === undefined ? [] : (carriedBy(site, tenant.edges, hubs).get(edge.id) ?? []);
  const virtual = carried.map((mapping) => mapping.virtual);
  return {
    site: edge.site,
    edge: edge.name,
    address: proofAddress({ tunnelAddress: edge.tunnelAddress, virtual }),
  };
}

interface Opening {
  readonly from: readonly Prefix[];
  /** What it opens to the judged port, by site. */
  readonly to: readonly (readonly [site: string, prefix: Prefix])[];
}

const OPENINGS = new WeakMap<TenantEstate, readonly Opening[]>();

/** Policies by which even what is sent to be refused may pass. */
function openingsOf(tenant: TenantEstate): readonly Opening[] {
  const known = OPENINGS.get(tenant);
  if (known !== undefined) return known;
  const openings = grantsOf(tenant).flatMap(({ origins, targets, ports }) => {
    const to = targets
      .filter((target) => opensJudged(portsAt(ports, target)))
      .map(({ site, virtual }) => [site, parsePrefix(virtual)] as const);
    return to.length === 0 ? [] : [{ from: origins.map(({ virtual }) => parsePrefix(virtual)), to }];
  });
  OPENINGS.set(tenant, openings);
  return openings;
}

/** What policies let it send the judged port to, by site. */
function joinedTo({ address }: Peer, tenant: TenantEstate): ReadonlyMap<string, Prefix[]> {
  const joined = new Map<string, Prefix[]>();
  for (const { from, to } of openingsOf(tenant)) {
    if (!isAddressIn(address, from)) continue;
    for (const [site, prefix] of to) joined.set(site, [...(joined.get(site) ?? []), prefix]);
  }
  return joined;
}

function opensJudged(ports: ReturnType<typeof portsAt>): boolean {
  if (ports === undefined) return false;
  return ports.length === 0 || ports.some(({ protocol, port }) => protocol === 'udp' && port === JUDGED_PORT);
}
