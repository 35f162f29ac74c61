/** `isthmus ping FROM TO`: the way between two sites as their agents and hubs last told, with round trips and sizes where somebody measured them. No packet is sent from here; `edge-agent ping` on an edge sends some. */
import type { Cluster } from '../../protocol/cluster.ts';
import type { Edge } from '../../protocol/edge.ts';
import type { Finding } from '../../protocol/report.ts';

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
  /** Whether a packet of the size that was asked for fits the edge's way to the hubs of this path. */
  readonly fit?: Fit | undefined;
}

/** `fits`: the edge, which tells of every hub that takes less than a tunnel does, told of none that takes less than this. `unknown`: it never told. */
export interface Fit {
  readonly state: 'fits' | 'too_large' | 'unknown';
  readonly largestBytes?: number | undefined;
}

/** What every tunnel takes unless its edge tells of less. */
const TUNNEL_BYTES = 1_420;

export interface Path {
  readonly from: string;
  readonly to: string;
  /** `same`: one hub serves both. `twins`: by two hubs that are joined. */
  readonly way: 'same' | 'twins' | 'none';
  readonly hubs: readonly string[];
  readonly legs: readonly [readonly Leg[], readonly Leg[]];
  /** There and back between the two edges, without the hubs' own part; absent if an end told nothing. */
  readonly rttMs?: number | undefined;
  /** The size that was asked for. */
  readonly sizeBytes?: number | undefined;
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

/** The same path, with what was told of packets of so many bytes at each of its edges. */
export function withSize(
  path: Path,
  { from, to, sizeBytes }: { readonly from: End; readonly to: End; readonly sizeBytes: number },
): Path {
  const fitting = (legs: readonly Leg[], { edges }: End) =>
    legs.map((leg) => {
      const edge = edges.find(({ metadata }) => metadata.name === leg.edge);
      const hubs = leg.activeHub === undefined ? path.hubs : [...path.hubs, leg.activeHub];
      return { ...leg, fit: fitOf(edge?.status.findings, { hubs, sizeBytes }) };
    });
  return { ...path, legs: [fitting(path.legs[0], from), fitting(path.legs[1], to)], sizeBytes };
}

function fitOf(
  findings: readonly Finding[] | undefined,
  { hubs, sizeBytes }: { readonly hubs: readonly string[]; readonly sizeBytes: number },
): Fit {
  if (findings === undefined) return { state: 'unknown' };
  const told = findings.filter(({ code }) => hubs.some((hub) => code === `mtu.${hub}`));
  // An edge says so in these words; one that says it otherwise is not understood, which is no consent.
  const sizes = told.map(({ message }) => Number(/more than (\d+) bytes/.exec(message)?.[1]));
  if (sizes.some(Number.isNaN)) return { state: 'unknown' };
  const largestBytes = Math.min(TUNNEL_BYTES, ...sizes);
  return { state: sizeBytes <= largestBytes ? 'fits' : 'too_large', largestBytes };
}

export function pathText(path: Path): string {
  const [ours, theirs] = path.legs;
  return [
    `${path.from} -> ${path.to}: ${wayText(path)}`,
    ...ours.map((leg) => legText(path.from, leg)),
    ...theirs.map((leg) => legText(path.to, leg)),
    path.rttMs === undefined
      ? `  RTT         not told from both ends; on the edge of ${path.from}: edge-agent ping ADDRESS`
      : `  RTT         about ${path.rttMs} ms, by what both edges measured to their hubs`,
    ...sizeLines(path),
    ...fitLines(path),
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

function fitLines({ from, legs, sizeBytes }: Path): string[] {
  if (sizeBytes === undefined) return [];
  const lines = legs.flat().map(({ edge, fit }) => `  size        ${edge}: ${fitText(sizeBytes, fit)}`);
  return [
    ...lines,
    `  This is what was told. To measure it, on the edge of ${from}: edge-agent ping ADDRESS --size ${sizeBytes}`,
  ];
}

function fitText(sizeBytes: number, fit: Fit | undefined): string {
  if (fit === undefined || fit.state === 'unknown') return `whether ${sizeBytes} bytes fit was not told`;
  if (fit.state === 'fits') return `${sizeBytes} bytes fit`;
  return `${sizeBytes} bytes do not fit; the largest that do are ${fit.largestBytes}`;
}
