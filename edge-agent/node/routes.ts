/**
 * The routes of a node to addresses of pools, in a routing table of their own: to containers here by their bridge, to those elsewhere by the node that
 * has them, and nowhere for the rest, so that no packet goes around in circles. Values in, values out.
 */
import { z } from 'zod';
import { formatAddress, networkOf } from '../../protocol/address.ts';
import { parseJson } from '../../protocol/json.ts';
import type { Holding } from './holding.ts';

/** Number of our table, and of the rule that asks it before the main one. */
export const TABLE = 7863;

export interface RouteView {
  readonly node: string;
  readonly prefixes: readonly string[];
  readonly holdings: readonly Holding[];
  /** Internal addresses of nodes that share a link with this one, by name. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** The bridge here and the length of its network; undefined until a container has come. */
  readonly link: { readonly device: string; readonly length: number } | undefined;
}

/** As `ip route` takes it, without the table. */
export function wantedRoutes(view: RouteView): string[] {
  const held = view.holdings.filter(({ state }) => state === 'held');
  return [
    ...view.prefixes.map((prefix) => `unreachable ${wide(prefix)}`),
    ...nextHops(view).map((address) => `local ${formatAddress(address)} dev lo`),
    ...held.flatMap((holding) => routeTo(holding, view)),
  ].sort();
}

function routeTo({ address, node }: Holding, { node: here, neighbours, link }: RouteView): string[] {
  const destination = formatAddress(address);
  if (node === here) return link === undefined ? [] : [`${destination} dev ${link.device} scope link`];
  const gateway = neighbours.get(node);
  return gateway === undefined ? [] : [`${destination} via ${gateway}`];
}

/** Addresses that containers here send to: the node answers for them. */
function nextHops({ holdings, node, link }: RouteView): number[] {
  if (link === undefined) return [];
  const mine = holdings.filter((one) => one.state === 'held' && one.node === node);
  return [...new Set(mine.map(({ address }) => networkOf(address, link.length)))];
}

/** As `ip` prints it. */
function wide(prefix: string): string {
  return prefix.replace(/\/32$/, '');
}

const RouteLine = z.looseObject({
  type: z.string().optional(),
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
});

/** What `ip -json route show table 7863` says, in the same words. */
export function readRoutes(text: string): string[] {
  const lines = z.array(RouteLine).catch([]).parse(parseJson(text));
  return lines
    .map(({ type, dst, gateway, dev }) => {
      if (type === 'unreachable') return `unreachable ${dst}`;
      if (type === 'local') return `local ${dst} dev ${dev ?? 'lo'}`;
      return gateway === undefined ? `${dst} dev ${dev ?? ''} scope link` : `${dst} via ${gateway}`;
    })
    .sort();
}

/** Lines for `ip -batch`: what is new before what goes. A route of another kind to the same place goes first: `replace` would leave both. */
export function routeSteps(wanted: readonly string[], there: readonly string[]): string[] {
  const added = wanted.filter((route) => !there.includes(route));
  const gone = there.filter((route) => !wanted.includes(route));
  const places = new Set(wanted.map(placeOf));
  return [
    ...added.map((route) => `route replace ${route} table ${TABLE}`),
    ...gone
      .filter((route) => !places.has(placeOf(route)) || isTyped(route))
      .map((route) => `route del ${route} table ${TABLE}`),
  ];
}

function isTyped(route: string): boolean {
  return /^(unreachable|local) /.test(route);
}

function placeOf(route: string): string {
  return route.replace(/^(unreachable|local) /, '').split(' ')[0] ?? '';
}
