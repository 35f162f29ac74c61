/**
 * Where everything of the topology is drawn: hubs in rows on top, tenants as boxes below, in them their sites, and the links between. A few sites are cards with a line to each
 * hub; many are tiles grouped by state, with one line a tenant and hub. Nothing overlaps, nothing leaves the width, and the same facts give the same picture.
 */
import type { Level } from './health.ts';
import { fitted, textWidth } from './label.ts';
import {
  type HubNode,
  rateOf,
  type SiteNode,
  type TenantNode,
  type TopologyFacts,
} from './topology-facts.ts';
import { type Line, linesOf } from './topology-lines.ts';
import { rateWords } from './traffic.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedHub extends Box {
  readonly hub: HubNode;
  readonly label: string;
  readonly note: string;
}

export interface PlacedSite extends Box {
  readonly site: SiteNode;
  readonly label: string;
  readonly note: string;
  /** What flows; empty on a tile, and where nothing was told of it. */
  readonly flow: string;
}

/** The heading of the sites of one state. */
export interface Heading {
  readonly x: number;
  readonly y: number;
  readonly level: Level;
  readonly count: number;
}

export interface PlacedTenant extends Box {
  readonly tenant: TenantNode;
  readonly label: string;
  /** How many of its sites each hub hears. */
  readonly note: string;
  readonly headings: readonly Heading[];
  readonly sites: readonly PlacedSite[];
  /** In the uppermost row, with nothing between it and the hubs. */
  readonly isUppermost: boolean;
  readonly isOneRow: boolean;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly isCompact: boolean;
  readonly hubs: readonly PlacedHub[];
  readonly tenants: readonly PlacedTenant[];
  readonly lines: readonly Line[];
}

/** More are drawn as tiles. */
export const CARDS_MAX = 36;
export const LABEL_SIZE = 13;
export const NOTE_SIZE = 11;
/** Left of it lines go down to tenants that are not in the uppermost row. */
const GUTTER = 24;
/** Strokes lie half outside of what they surround. */
const EDGE = 1;
const GAP = 16;
const CHANNEL = 64;
const PADDING = 12;
const INSET = 24;
const HEADER = 48;
const HEADING = 26;
const HUB = { width: 168, height: 54 };
const CARD = { width: 176, height: 70, gap: 12 };
const TILE = { width: 126, height: 28, gap: 8 };
const LEVELS: readonly Level[] = ['bad', 'unknown', 'waiting', 'good'];

/** `width`: in pixels, of what there is; at least as wide as a phone. */
export function pictureOf(facts: TopologyFacts, width: number): Picture {
  const count = facts.tenants.reduce((sum, { sites }) => sum + sites.length, 0);
  const isCompact = count > CARDS_MAX;
  const hubs = placeHubs(facts.hubs, width);
  const top = hubs.length === 0 ? EDGE : bottomOf(hubs) + CHANNEL;
  const tenants = placeTenants(facts.tenants, { width, top, isCompact });
  return {
    width,
    height: Math.max(bottomOf(hubs), bottomOf(tenants)) + EDGE,
    isCompact,
    hubs,
    tenants,
    lines: linesOf(hubs, tenants),
  };
}

function placeHubs(hubs: readonly HubNode[], width: number): PlacedHub[] {
  const most = columnsIn(width, HUB.width, GAP);
  const columns = Math.max(1, Math.min(hubs.length, most));
  const hubWidth = Math.min(HUB.width, width - 2 * EDGE);
  return hubs.map((hub, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, hubs.length - row * columns);
    const left = (width - inRow * hubWidth - (inRow - 1) * GAP) / 2;
    return {
      hub,
      x: left + (index % columns) * (hubWidth + GAP),
      y: EDGE + row * (HUB.height + GAP),
      width: hubWidth,
      height: HUB.height,
      label: fitted(hub.name, LABEL_SIZE, hubWidth - INSET - PADDING),
      note: fitted(hub.vpc === undefined ? '' : `VPC ${hub.vpc}`, NOTE_SIZE, hubWidth - INSET - PADDING),
    };
  });
}

interface Space {
  readonly width: number;
  readonly top: number;
  readonly isCompact: boolean;
}

/** In rows from left to right, as many as have room in each; a single row stands in the middle, below the hubs. */
function placeTenants(tenants: readonly TenantNode[], space: Space): PlacedTenant[] {
  const widths = tenants.map((tenant) => tenantWidth(tenant, space));
  const together = widths.reduce((sum, each) => sum + each + GAP, -GAP);
  const room = roomIn(space.width);
  const left = GUTTER + Math.max(0, (room - together - (GUTTER - EDGE)) / 2) * (together <= room ? 1 : 0);
  const placed: PlacedTenant[] = [];
  let x = left;
  let y = space.top;
  for (const [index, tenant] of tenants.entries()) {
    const wanted = widths[index] ?? room;
    if (x > left && x + wanted > GUTTER + room) {
      x = left;
      y = bottomOf(placed) + GAP;
    }
    placed.push(placeTenant(tenant, { x, y, width: wanted }, space));
    x += wanted + GAP;
  }
  return placed;
}

function roomIn(width: number): number {
  return width - GUTTER - EDGE;
}

/** All the room where the sites take more than a row. */
function tenantWidth({ name, sites }: TenantNode, { width, isCompact }: Space): number {
  const cell = isCompact ? TILE : CARD;
  const room = roomIn(width);
  const most = columnsIn(room - 2 * PADDING, cell.width, cell.gap);
  if (sites.length > most) return room;
  const forSites = Math.max(1, sites.length) * (cell.width + cell.gap) - cell.gap + 2 * PADDING;
  const forName = textWidth(name, LABEL_SIZE) + 2 * PADDING;
  return Math.min(room, Math.max(forSites, Math.min(forName, 2 * CARD.width)));
}

function placeTenant(
  tenant: TenantNode,
  place: { readonly x: number; readonly y: number; readonly width: number },
  { top, isCompact }: Space,
): PlacedTenant {
  const inner = place.width - 2 * PADDING;
  const cell = isCompact ? TILE : CARD;
  const columns = columnsIn(inner, cell.width, cell.gap);
  const fills = tenant.sites.length > columns || cell.width > inner;
  const cellWidth = fills ? (inner + cell.gap) / columns - cell.gap : cell.width;
  const headings: Heading[] = [];
  const sites: PlacedSite[] = [];
  let y = place.y + HEADER;
  for (const group of isCompact ? byLevel(tenant.sites) : [tenant.sites]) {
    const [first] = group;
    if (first === undefined) continue;
    if (isCompact) {
      headings.push({ x: place.x + PADDING, y: y + 17, level: first.level, count: group.length });
      y += HEADING;
    }
    const placed = group.map((site, index) =>
      placeSite(site, {
        x: place.x + PADDING + (index % columns) * (cellWidth + cell.gap),
        y: y + Math.floor(index / columns) * (cell.height + cell.gap),
        width: cellWidth,
        height: cell.height,
      }),
    );
    sites.push(...placed);
    y = bottomOf(placed) + cell.gap;
  }
  return {
    ...place,
    height: (sites.length === 0 ? y : bottomOf(sites) + PADDING) - place.y,
    tenant,
    label: fitted(tenant.name, LABEL_SIZE, inner),
    note: fitted(heardNote(tenant), NOTE_SIZE, inner),
    headings,
    sites,
    isUppermost: place.y === top,
    isOneRow: !isCompact && sites.length <= columns,
  };
}

function placeSite(site: SiteNode, box: Box): PlacedSite {
  const room = box.width - INSET - PADDING / 2;
  const note = [site.kind === 'vpc' ? ['VPC'] : [], site.clusters].flat().join(' · ');
  return {
    site,
    ...box,
    label: fitted(site.name, LABEL_SIZE, room),
    note: box.height < CARD.height ? '' : fitted(note, NOTE_SIZE, room),
    flow: box.height < CARD.height ? '' : fitted(flowOf(site), NOTE_SIZE, room),
  };
}

/** From the site, and to it. */
function flowOf(site: SiteNode): string {
  const rate = rateOf(site);
  return rate === undefined ? '' : `↑${rateWords(rate.fromSite)} ↓${rateWords(rate.toSite)}`;
}

/** `hub1 298/300 · hub2 300/300`: sites that the hub hears, of those that it knows. */
function heardNote({ sites }: TenantNode): string {
  const links = sites.flatMap((site) => site.links);
  const hubs = [...new Set(links.map(({ hub }) => hub))].sort();
  return hubs
    .map((hub) => {
      const own = links.filter((link) => link.hub === hub);
      return `${hub} ${own.filter(({ level }) => level === 'good').length}/${own.length}`;
    })
    .join(' · ');
}

function byLevel(sites: readonly SiteNode[]): SiteNode[][] {
  return LEVELS.map((level) => sites.filter((site) => site.level === level));
}

function columnsIn(room: number, width: number, gap: number): number {
  return Math.max(1, Math.floor((room + gap) / (width + gap)));
}

function bottomOf(boxes: readonly Box[]): number {
  return boxes.reduce((most, { y, height }) => Math.max(most, y + height), 0);
}
