/**
 * Whom each edge asks whether the isolation of its tenant holds. The edges of a tenant stand in a ring and each asks the next few of other sites: everybody asks and is
 * asked, few documents change when one joins, and a large tenant costs no more packets an edge than a small one.
 */
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
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
  const peers = othersInTurn(edge, tenant)
    .map((other) => peerOf(other, tenant, hubs))
    .filter((peer) => !isolated || !isJoined(own, peer, tenant))
    .slice(0, PROOF_PEERS_MAX);
  return { kind: 'proof', address: own.address, isolated, peers };
}

/** Edges that would ask one of this site, whatever policies say. */
export function askersOf(site: string, tenant: TenantEstate): EdgeFacts[] {
  return tenant.edges.filter(
    (edge) =>
      isLive(edge) &&
      othersInTurn(edge, tenant)
        .slice(0, PROOF_PEERS_MAX)
        .some((other) => other.site === site),
  );
}

/** Live edges of other sites, those after this one in the ring first. */
function othersInTurn(edge: EdgeFacts, tenant: TenantEstate): EdgeFacts[] {
  const placeOf = ({ site, name }: EdgeFacts) => `${site} ${name}`;
  const live = tenant.edges.filter((other) => isLive(other) && siteOf(tenant, other.site) !== undefined);
  const ring = sortedBy(live, placeOf);
  const after = ring.filter((other) => placeOf(other) > placeOf(edge));
  const before = ring.filter((other) => placeOf(other) < placeOf(edge));
  return [...after, ...before].filter(({ site }) => site !== edge.site);
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

/** A policy lets the one send to the other even what is sent to be refused. */
function isJoined(from: Peer, to: Peer, tenant: TenantEstate): boolean {
  const isAt = ({ virtual }: { readonly virtual: string }, { address }: Peer) =>
    isAddressIn(address, [parsePrefix(virtual)]);
  return grantsOf(tenant).some(
    ({ origins, targets, ports }) =>
      origins.some((origin) => isAt(origin, from)) &&
      targets.some(
        (target) => target.site === to.site && isAt(target, to) && opensJudged(portsAt(ports, target)),
      ),
  );
}

function opensJudged(ports: ReturnType<typeof portsAt>): boolean {
  if (ports === undefined) return false;
  return ports.length === 0 || ports.some(({ protocol, port }) => protocol === 'udp' && port === JUDGED_PORT);
}
