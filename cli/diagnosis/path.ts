/** `isthmus ping FROM TO`: the way between two sites as their agents and hubs last told, with round trips and sizes where somebody measured them. No packet is sent from here. */
import type { Cluster } from '../../protocol/cluster.ts';
import type { Edge } from '../../protocol/edge.ts';

export interface End {
  readonly site: string;
  readonly edges: readonly Edge[];
  readonly clusters: readonly Cluster[];
}

/** One edge of an end. */
export interface Leg {
  readonly edge: string;
  /** Hubs that hear it. */
  readonly hubs: readonly string[];
  readonly activeHub?: string | undefined;
  /** From the edge to the hub that it uses, and back. Told by edges with clusters alone. */
  readonly rttMs?: number | undefined;
  /** The edge's own words on packets that are too large for its way to a hub. */
  readonly sizes: readonly string[];
}

export interface Path {
  readonly from: string;
  readonly to: string;
  /** `same`: one hub serves both. `twins`: by two hubs that are joined. */
  readonly way: 'same' | 'twins' | 'none';
  readonly hubs: readonly string[];
  readonly legs: readonly [readonly Leg[], readonly Leg[]];
  /** There and back between the two edges, without the hubs' own part; absent if an end told nothing. */
  readonly rttMs?: number | undefined;
}

export function pathBetween(from: End, to: End): Path {
  const legs = [legsOf(from), legsOf(to)] as const;
  const [ours, theirs] = [legs[0].find(isUp), legs[1].find(isUp)];
  const ends = { from: from.site, to: to.site, legs };
  if (ours === undefined || theirs === undefined) return { ...ends, way: 'none', hubs: [] };
  const hub = ours.activeHub ?? ours.hubs[0] ?? '';
  const rtt =
    ours.rttMs === undefined || theirs.rttMs === undefined ? {} : { rttMs: ours.rttMs + theirs.rttMs };
  if (theirs.hubs.includes(hub)) return { ...ends, ...rtt, way: 'same', hubs: [hub] };
  return { ...ends, ...rtt, way: 'twins', hubs: [hub, theirs.hubs[0] ?? ''] };
}

function isUp({ hubs }: Leg): boolean {
  return hubs.length > 0;
}

function legsOf({ site, edges, clusters }: End): Leg[] {
  return edges
    .filter(({ spec }) => spec.site === site && spec.approved && !spec.quarantined)
    .map(({ metadata: { name }, status }) => ({
      edge: name,
      hubs: status.links.filter(({ up }) => up).map(({ hub }) => hub),
      activeHub: status.activeHub,
      rttMs: clusters.find((one) => one.status.edge === name)?.status.facts?.rttMs,
      sizes: (status.findings ?? [])
        .filter(({ code }) => code.startsWith('mtu.'))
        .map(({ message }) => message),
    }));
}

export function pathText(path: Path): string {
  const [ours, theirs] = path.legs;
  return [
    `${path.from} -> ${path.to}: ${wayText(path)}`,
    ...ours.map((leg) => legText(path.from, leg)),
    ...theirs.map((leg) => legText(path.to, leg)),
    path.rttMs === undefined
      ? `  RTT         not told from both ends; on the edge of ${path.from}: edge-agent status`
      : `  RTT         about ${path.rttMs} ms, by what both edges measured to their hubs`,
    ...sizeLines(path),
  ].join('\n');
}

function wayText({ way, hubs, legs }: Path): string {
  if (way === 'same') return `by hub ${hubs.join('')}`;
  if (way === 'twins') return `by hub ${hubs.join(', then its twin ')}`;
  const without = legs.map((leg, index) => (leg.some(isUp) ? '' : index === 0 ? 'the first' : 'the second'));
  return `no way: no hub hears an edge of ${without.filter((one) => one !== '').join(' or ')}`;
}

function legText(site: string, { edge, hubs, activeHub, rttMs }: Leg): string {
  const heard = hubs.length === 0 ? 'heard by no hub' : `heard by ${hubs.join(', ')}`;
  const by = activeHub === undefined ? '' : `, sends by ${activeHub}`;
  return `  ${site.padEnd(12)}edge ${edge}, ${heard}${by}${rttMs === undefined ? '' : `, ${rttMs} ms to it and back`}`;
}

function sizeLines({ legs }: Path): string[] {
  const told = legs.flat().flatMap(({ edge, sizes }) => sizes.map((size) => `${edge}: ${size}`));
  if (told.length > 0) return told.map((line) => `  MTU         ${line}`);
  return ['  MTU         nobody told of a smaller one than the tunnels have'];
}
