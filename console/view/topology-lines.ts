/** The links of the topology as lines: of each site where there is nothing between it and the hubs, else one line a tenant and hub. They lie behind everything else. */
import type { Level } from './health.ts';
import type { PlacedHub, PlacedTenant } from './topology.ts';

export interface Line {
  readonly key: string;
  /** As SVG wants it. */
  readonly path: string;
  readonly level: Level;
  /** Traffic goes by it; undefined where nobody said so. */
  readonly isActive: boolean | undefined;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lines to lower tenants go down here. */
const RAIL_X = 8;
const BEND = 12;

export function linesOf(hubs: readonly PlacedHub[], tenants: readonly PlacedTenant[]): Line[] {
  return tenants.flatMap((placed) => {
    if (placed.isUppermost && placed.isOneRow) return siteLines(hubs, placed);
    return tenantLines(hubs, placed);
  });
}

function siteLines(hubs: readonly PlacedHub[], { sites }: PlacedTenant): Line[] {
  return sites.flatMap(({ site, x, y, width }) =>
    site.links.flatMap(({ hub, level, isActive }, index) => {
      const from = hubs.find((candidate) => candidate.hub.name === hub);
      if (from === undefined) return [];
      const to = { x: x + (width * (index + 1)) / (site.links.length + 1), y };
      return [
        { key: `${site.tenant}/${site.name} ${hub}`, path: curve(bottomOf(from), to), level, isActive },
      ];
    }),
  );
}

function tenantLines(hubs: readonly PlacedHub[], placed: PlacedTenant): Line[] {
  const { tenant, isUppermost, x, y, width } = placed;
  return hubs.flatMap((from, index) => {
    const links = tenant.sites.flatMap(({ links: own }) => own.filter(({ hub }) => hub === from.hub.name));
    if (links.length === 0) return [];
    const to = { x: x + (width * (index + 1)) / (hubs.length + 1), y };
    const path = isUppermost ? curve(bottomOf(from), to) : rail(bottomOf(from), { x, y: y + BEND * 2 });
    return [
      {
        key: `${tenant.name} ${from.hub.name}`,
        path,
        level: together(links.map(({ level }) => level)),
        isActive: undefined,
      },
    ];
  });
}

/** All well or all down is said so; what differs is worth a look. */
function together(levels: readonly Level[]): Level {
  const [first = 'waiting'] = levels;
  return levels.every((level) => level === first) ? first : 'unknown';
}

function bottomOf({ x, y, width, height }: PlacedHub): Point {
  return { x: x + width / 2, y: y + height };
}

function curve(from: Point, to: Point): string {
  const middle = (from.y + to.y) / 2;
  return `M${from.x} ${from.y}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
}

/** Below the hubs to the left, down beside everything, and in from there. */
function rail(from: Point, to: Point): string {
  return `M${from.x} ${from.y}v${BEND}H${RAIL_X}V${to.y}H${to.x}`;
}
