/** Pools: where their ranges may lie, which of their addresses are reserved, and what can be said of them. Ranges of different sites may be equal. */
import {
  contains,
  containsAddress,
  overlaps,
  parseAddress,
  parsePrefix,
  sizeOf,
} from '../../protocol/address.ts';
import type { ClusterFacts } from '../../protocol/cluster.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { PoolRange, PoolSpec, Reservation } from '../../protocol/pool.ts';
import type { ProblemCode, Refusal } from '../../protocol/problem.ts';
import { ageSeconds } from '../../protocol/time.ts';
import { TELLING_SECONDS_MAX } from './cluster-status.ts';
import type { PlacedRange } from './pool-ledger.ts';
import { condition } from './status.ts';

/** Nothing wider is a range: 4,096 addresses are as many as one report can tell of. */
export const RANGE_LENGTH_MIN = 20;

/** An exposed prefix that is no wider and holds a node is taken for one link. What is on a link is asked for on it, and never passed on. */
const LINK_LENGTH_MIN = 24;

/** What is there in the tenant. */
export interface PoolSurroundings {
  /** The site of each cluster. */
  readonly clusters: ReadonlyMap<string, string>;
  /** The real prefixes that each site exposes. */
  readonly sites: ReadonlyMap<string, readonly string[]>;
  /** Clusters whose containers are hosts of the LAN themselves, and answer on the link: those of plain engines. */
  readonly onLan?: ReadonlySet<string> | undefined;
  /** What the edges told of clusters last, as far as it was read; ranges are placed without what nobody told. */
  readonly facts?: ReadonlyMap<string, Pick<ClusterFacts, 'network' | 'nodes'>> | undefined;
}

/** The refusal of a pool's spec, or each of its ranges with its site, in their order. */
export function placeRanges(
  { ranges }: PoolSpec,
  around: PoolSurroundings,
): { readonly refusal: Refusal } | { readonly placed: readonly PlacedRange[] } {
  const placed: PlacedRange[] = [];
  for (const [index, range] of ranges.entries()) {
    const site = around.clusters.get(range.cluster);
    const fault =
      site === undefined ? missing(range, index) : rangeFault(range, { site, index, around, placed });
    if (fault !== undefined) return { refusal: fault };
    placed.push({ site: site ?? '', prefix: range.prefix });
  }
  return { placed };
}

function missing({ cluster }: PoolRange, index: number): Refusal {
  return wrong('invalid', `/spec/ranges/${index}/cluster`, `There is no cluster ${cluster} in the tenant.`);
}

interface Place {
  readonly site: string;
  readonly index: number;
  readonly around: PoolSurroundings;
  /** The ranges before it. */
  readonly placed: readonly PlacedRange[];
}

function rangeFault(range: PoolRange, { site, index, around, placed }: Place): Refusal | undefined {
  const { prefix: text } = range;
  const pointer = `/spec/ranges/${index}/prefix`;
  const prefix = parsePrefix(text);
  if (prefix.length < RANGE_LENGTH_MIN)
    return wrong('invalid', pointer, `${text} is wider than /${RANGE_LENGTH_MIN}; write narrower ranges.`);
  const exposed = around.sites.get(site) ?? [];
  if (!isInside(text, exposed))
    return wrong(
      'address_outside_site',
      pointer,
      `${text} is in no exposed prefix of the site ${site}; it exposes ${exposed.join(', ') || 'nothing yet'}.`,
    );
  const twin = placed.find((other) => other.site === site && overlaps(parsePrefix(other.prefix), prefix));
  if (twin !== undefined)
    return wrong('prefix_overlaps', pointer, `${text} overlaps ${twin.prefix} at the same site.`);
  const use = inUseByCluster(range, around) ?? onLink(range, { site, exposed, around });
  return use === undefined ? undefined : wrong('prefix_overlaps', pointer, use);
}

/** Addresses that the cluster itself gives away: containers with them would be reached by nobody. */
function inUseByCluster(
  { cluster, prefix: text }: PoolRange,
  { facts }: PoolSurroundings,
): string | undefined {
  const network = facts?.get(cluster)?.network;
  const prefix = parsePrefix(text);
  const isOver = (other: string) => overlaps(parsePrefix(other), prefix);
  if (network?.servicePrefix !== undefined && isOver(network.servicePrefix))
    return `${text} overlaps ${network.servicePrefix}, the range of services of ${cluster}: its nodes drop what is sent there. Take a range outside of it.`;
  const pods = network?.podPrefixes.find(isOver);
  return pods && `${text} overlaps ${pods}, from which ${cluster} itself gives addresses to pods.`;
}

/** Nodes of other sites have other LANs, be they of the same range. */
function onLink(
  { cluster: own, prefix: text }: PoolRange,
  { site, exposed, around }: Pick<Place, 'site' | 'around'> & { readonly exposed: readonly string[] },
): string | undefined {
  const prefix = parsePrefix(text);
  const isOnLan = around.onLan?.has(own) === true;
  const links = exposed
    .map(parsePrefix)
    .filter((one) => one.length >= LINK_LENGTH_MIN && contains(one, prefix));
  const taken = isOnLan ? [prefix] : [prefix, ...links];
  const nodes = [...(around.facts ?? [])].flatMap(([cluster, { nodes: all }]) =>
    around.clusters.get(cluster) === site ? all : [],
  );
  for (const { name, addresses } of nodes)
    for (const address of addresses)
      if (taken.some((one) => containsAddress(one, parseAddress(address))))
        return isOnLan
          ? `${text} holds ${address}, which the node ${name} has itself. Take a range without it.`
          : `${text} is in the LAN of the node ${name} (${address}), where hosts look for its addresses on the link and find none. Expose a prefix for pools that no host is in, and route it to the nodes.`;
  return undefined;
}

function wrong(code: ProblemCode, pointer: string, detail: string): Refusal {
  return { code, detail, errors: [{ pointer, detail }] };
}

/** True if a prefix lies inside one of the others. */
export function isInside(prefix: string, others: readonly string[]): boolean {
  return others.some((other) => contains(parsePrefix(other), parsePrefix(prefix)));
}

/** The first reservation of an address that the pool had in this cluster and would have no longer. */
export function strandedBy(
  before: PoolSpec,
  after: PoolSpec,
  reservations: readonly Reservation[],
): Reservation | undefined {
  return reservations.find((one) => holds(before, one) && !holds(after, one));
}

function holds({ ranges }: PoolSpec, { cluster, address }: Reservation): boolean {
  const number = parseAddress(address);
  return ranges.some((one) => one.cluster === cluster && containsAddress(parsePrefix(one.prefix), number));
}

/** What the edge of one of the pool's clusters told of its reservations; absent if it never did. */
export interface PoolTelling {
  readonly cluster: string;
  readonly told?: { readonly at: string; readonly reservations: readonly Reservation[] } | undefined;
}

export interface PoolEvidence {
  readonly spec: PoolSpec;
  readonly around: PoolSurroundings;
  readonly tellings: readonly PoolTelling[];
  readonly now: string;
  readonly updatedAt: string;
}

export interface PoolAccount {
  readonly size: number;
  readonly free: number;
  /** Those inside the ranges, by cluster. */
  readonly reservations: readonly Reservation[];
  readonly conditions: readonly Condition[];
}

export function accountOf(evidence: PoolEvidence): PoolAccount {
  const { spec, tellings } = evidence;
  const size = spec.ranges.reduce((sum, { prefix }) => sum + sizeOf(parsePrefix(prefix).length), 0);
  const reservations = tellings
    .flatMap(({ told }) => told?.reservations ?? [])
    .filter((reservation) => holds(spec, reservation));
  const used = new Set(reservations.map(({ cluster, address }) => `${cluster} ${address}`)).size;
  const free = Math.max(0, size - used);
  const conditions = [freeCondition(evidence, { size, free }), fresh(evidence), exposed(evidence)];
  return { size, free, reservations, conditions };
}

function freeCondition(
  { tellings, updatedAt }: PoolEvidence,
  { size, free }: { readonly size: number; readonly free: number },
): Condition {
  const times = tellings.flatMap(({ told }) => (told === undefined ? [] : [told.at])).sort();
  const at = times.at(-1) ?? updatedAt;
  if (free === 0)
    return condition(['Free', 'False', 'Exhausted'], `All ${size} addresses are reserved; add a range.`, at);
  const silent = tellings.find(({ told }) => told === undefined);
  if (silent !== undefined)
    return condition(
      ['Free', 'Unknown', 'NotTold'],
      `The edge of ${silent.cluster} has told of no reservations yet.`,
      at,
    );
  return condition(['Free', 'True', 'Free'], `${free} of ${size} addresses are free.`, at);
}

/** The oldest telling counts: a pool is as well known as the least known of its clusters. */
function fresh({ tellings, now, updatedAt }: PoolEvidence): Condition {
  const silent = tellings.find(({ told }) => told === undefined);
  if (silent !== undefined)
    return condition(
      ['Fresh', 'Unknown', 'NeverTold'],
      `The edge of ${silent.cluster} has told of no reservations yet.`,
      updatedAt,
    );
  const [oldest] = tellings
    .flatMap(({ cluster, told }) => (told === undefined ? [] : [{ cluster, at: told.at }]))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  if (oldest === undefined)
    return condition(['Fresh', 'Unknown', 'NeverTold'], 'It has no range in a cluster.', updatedAt);
  const age = ageSeconds(oldest.at, now);
  const message = `The edge of ${oldest.cluster} told of its reservations ${age} s ago.`;
  if (age <= TELLING_SECONDS_MAX) return condition(['Fresh', 'True', 'Told'], message, oldest.at);
  return condition(['Fresh', 'False', 'EdgeSilent'], `${message} They may well be others by now.`, oldest.at);
}

function exposed({ spec, around, updatedAt }: PoolEvidence): Condition {
  const hidden = spec.ranges.find(({ cluster, prefix }) => {
    const site = around.clusters.get(cluster);
    return site === undefined || !isInside(prefix, around.sites.get(site) ?? []);
  });
  if (hidden === undefined)
    return condition(
      ['Exposed', 'True', 'Exposed'],
      'Every range is in an exposed prefix of its site.',
      updatedAt,
    );
  const message = `${hidden.prefix} is in no exposed prefix of the site of ${hidden.cluster}: expose it, or take the range out.`;
  return condition(['Exposed', 'False', 'NotExposed'], message, updatedAt);
}
