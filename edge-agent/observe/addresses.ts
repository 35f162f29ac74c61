/** What `ip -j` says of devices, addresses and routes. The parsers are pure. */
import { z } from 'zod';
import { formatPrefix, networkOf, parseAddress } from '../../protocol/address.ts';
import { sortPrefixes } from '../plan/intervals.ts';
import { DEVICE_PREFIX, type LanDevice, ROUTE_PROTOCOL, type RouteState } from '../plan/state.ts';

const AddressLine = z.object({ family: z.string(), local: z.string().optional(), prefixlen: z.int() });
const Links = z.array(
  z.object({
    ifname: z.string().optional(),
    flags: z.array(z.string()).default([]),
    mtu: z.int().default(0),
    addr_info: z.array(z.object({}).loose()).default([]),
  }),
);
const Routes = z.array(
  z.object({
    type: z.string().optional(),
    dst: z.string(),
    dev: z.string().optional(),
    protocol: z.string().optional(),
    metrics: z.array(z.object({ mtu: z.int().optional() })).default([]),
  }),
);

export interface LinkState {
  readonly name: string;
  readonly link: 'up' | 'down';
  readonly mtu: number;
  /** With host bits, as they are set: `10.0.0.2/24`. Sorted. */
  readonly addresses: readonly string[];
}

/** Of `ip -j addr show`. Some versions put empty objects between devices. */
export function parseLinks(json: string): LinkState[] {
  return Links.parse(JSON.parse(json)).flatMap(({ ifname, flags, mtu, addr_info }) => {
    const lines = addr_info.flatMap((info) => AddressLine.safeParse(info).data ?? []);
    const addresses = lines.flatMap(({ family, local, prefixlen }) =>
      family === 'inet' && local !== undefined ? [`${local}/${prefixlen}`] : [],
    );
    if (ifname === undefined) return [];
    return [{ name: ifname, link: flags.includes('UP') ? 'up' : 'down', mtu, addresses: addresses.sort() }];
  });
}

/** Devices that are not ours and have an address; the prefixes are those on the link. */
export function lanDevicesOf(links: readonly LinkState[]): LanDevice[] {
  return links
    .filter(({ name, addresses }) => name !== 'lo' && !name.startsWith(DEVICE_PREFIX) && addresses.length > 0)
    .map(({ name, addresses }) => ({ name, prefixes: sortPrefixes(addresses.map(onLink)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function onLink(address: string): string {
  const [host = '', length = ''] = address.split('/');
  return formatPrefix({ base: networkOf(parseAddress(host), Number(length)), length: Number(length) });
}

export interface RouteTable {
  readonly ours: readonly RouteState[];
  /** Prefixes that we made unreachable, sorted. */
  readonly unreachable: readonly string[];
  readonly foreign: readonly string[];
  readonly defaultDevice: string | undefined;
}

/** Of `ip -j route show table main`. Routes that the kernel made for the addresses of devices are neither. */
export function parseRoutes(json: string): RouteTable {
  const routes = Routes.parse(JSON.parse(json)).map((route) => ({ ...route, prefix: prefixOf(route.dst) }));
  const isOurs = (protocol: string | undefined) => protocol === String(ROUTE_PROTOCOL);
  const isWall = (type: string | undefined) => type === 'unreachable';
  const walls = routes.filter(({ protocol, type }) => isOurs(protocol) && isWall(type));
  const ours = routes.flatMap(({ prefix, dev, protocol, metrics, type }) => {
    const mtu = metrics.find((metric) => metric.mtu !== undefined)?.mtu;
    if (!isOurs(protocol) || isWall(type) || dev === undefined) return [];
    return [{ prefix, device: dev, ...(mtu === undefined ? {} : { mtu }) }];
  });
  const foreign = routes.filter(
    ({ prefix, protocol }) => prefix !== DEFAULT && protocol !== 'kernel' && !isOurs(protocol),
  );
  return {
    ours: sortRoutes(ours),
    unreachable: sortPrefixes(walls.map(({ prefix }) => prefix)),
    foreign: sortPrefixes(foreign.map(({ prefix }) => prefix)),
    defaultDevice: routes.find(({ prefix }) => prefix === DEFAULT)?.dev,
  };
}

const DEFAULT = '0.0.0.0/0';

function prefixOf(destination: string): string {
  if (destination === 'default') return DEFAULT;
  return destination.includes('/') ? destination : `${destination}/32`;
}

function sortRoutes(routes: readonly RouteState[]): RouteState[] {
  const order = sortPrefixes(routes.map(({ prefix }) => prefix));
  const place = new Map(order.map((prefix, index) => [prefix, index]));
  return [...routes].sort((a, b) => (place.get(a.prefix) ?? 0) - (place.get(b.prefix) ?? 0));
}
