/**
 * Native routing: pairs of sites of one tenant that reach each other by real addresses. It takes both to ask. The
 * hubs route real prefixes of all tenants in one table, so a pair is refused where any of them would collide there, or is a
 * public one.
 */
import { contains, overlaps, type Prefix, parsePrefix } from '../../protocol/address.ts';
import type { Refusal } from '../../protocol/problem.ts';
import { PRIVATE } from '../../protocol/reserved.ts';
import type { SiteFacts } from './estate.ts';
import { sortedBy } from './order.ts';

/** A site as native routing sees it; `prefixes` are the real ones. */
export interface NativeSite {
  readonly tenant: string;
  readonly name: string;
  readonly kind: 'datacenter' | 'vpc';
  readonly prefixes: readonly string[];
  readonly native: readonly string[];
}

export function nativeSite({ tenant, name, kind, native, prefixes }: SiteFacts): NativeSite {
  return { tenant, name, kind, native, prefixes: prefixes.map(({ real }) => real) };
}

/** Real ranges that the hubs already route, and to whom. */
interface Occupied {
  readonly site: NativeSite;
  readonly prefix: Prefix;
}

export interface NativePair {
  readonly tenant: string;
  readonly a: string;
  readonly b: string;
}

/** Pairs in force, a before b: both ask, and nothing collides. Of colliding ones the first in order holds alone. */
export function nativePairs(sites: readonly NativeSite[]): NativePair[] {
  const occupied = vpcRanges(sites);
  const joined = new Set<NativeSite>();
  return mutualPairs(sites).flatMap(([a, b]) => {
    const fresh = [a, b].filter((end) => !joined.has(end));
    const isPublic = publicOf(a) !== undefined || publicOf(b) !== undefined;
    const clash = isPublic || collide(a, b) || fresh.some((end) => rivalOf(end, occupied) !== undefined);
    if (clash) return [];
    for (const end of fresh) {
      joined.add(end);
      occupied.push(...rangesOf(end));
    }
    return [{ tenant: a.tenant, a: a.name, b: b.name }];
  });
}

/** Names of the sites that this one reaches natively, sorted. */
export function peersOf(site: { tenant: string; name: string }, pairs: readonly NativePair[]): string[] {
  const own = pairs.filter(
    ({ tenant, a, b }) => tenant === site.tenant && (a === site.name || b === site.name),
  );
  return own.map(({ a, b }) => (a === site.name ? b : a)).sort();
}

/**
 * Refuses the site as it is to be, if a native pair that it asks for would collide; `sites` are all of the
 * deployment. Pairs still waiting for the peer are checked too, so that the fault is told to who can mend it. A VPC
 * is refused what is natively routed already, as it would pull those packets to the hubs' own network.
 */
export function checkNative(site: NativeSite, sites: readonly NativeSite[]): Refusal | undefined {
  const others = sites.filter((other) => !isSame(other, site));
  const routed = site.kind === 'vpc' ? rivalOf(site, routedRanges(others)) : undefined;
  if (routed) return refusal('/spec/prefixes', describe(site, routed));
  for (const [index, name] of site.native.entries()) {
    const peer = others.find((other) => other.tenant === site.tenant && other.name === name);
    const detail = peer && collisionOf(site, peer, others);
    if (detail) return refusal(`/spec/native/${index}`, detail);
  }
  return undefined;
}

/** Real prefixes that a natively joined site or a VPC must not take on, as hubs route them to others; for any other site none. */
export function nativeTaken(site: NativeSite, sites: readonly NativeSite[]): string[] {
  const others = sites.filter((other) => !isSame(other, site));
  const isJoined = others.some((other) => isMutual(site, other));
  if (!isJoined && site.kind !== 'vpc') return [];
  const joined = mutualPairs(others).flat();
  const peers = others.filter((other) => isMutual(site, other));
  const vpcs = others.filter((other) => other.kind === 'vpc');
  const taken = isJoined ? [...vpcs, ...joined, ...peers] : joined;
  return [...new Set(taken.flatMap((other) => other.prefixes))].sort();
}

function collisionOf(site: NativeSite, peer: NativeSite, others: readonly NativeSite[]): string | undefined {
  for (const end of [site, peer]) {
    const found = publicOf(end);
    if (found)
      return `${found} of ${end.name} is no private range: hubs that led it into a tunnel would no longer reach who has it on the internet; use virtual addresses.`;
  }
  if (collide(site, peer))
    return `The real prefixes of ${site.name} and ${peer.name} overlap; use virtual ones.`;
  const routed = [...vpcRanges(others), ...routedRanges([site, ...others])];
  for (const end of [site, peer]) {
    const rival = rivalOf(end, routed);
    if (rival) return describe(end, rival);
  }
  return undefined;
}

/** A real prefix that is no private one; undefined if all are. */
function publicOf({ prefixes }: NativeSite): string | undefined {
  return prefixes.find((text) => !PRIVATE.some((range) => contains(range, parsePrefix(text))));
}

/** Another tenant's site is not named: that it exists is not this tenant's business. */
function describe(end: NativeSite, rival: Occupied): string {
  if (rival.site.tenant !== end.tenant)
    return `A real prefix of ${end.name} is routed natively already; use virtual addresses.`;
  return `The real prefixes of ${end.name} and ${rival.site.name}, which is routed natively, overlap.`;
}

function refusal(pointer: string, detail: string): Refusal {
  return { code: 'native_collision', detail, errors: [{ pointer, detail }] };
}

/** What a site's prefixes collide with among those of others. */
function rivalOf(site: NativeSite, occupied: readonly Occupied[]): Occupied | undefined {
  const own = site.prefixes.map(parsePrefix);
  return occupied.find(
    (other) => !isSame(other.site, site) && own.some((prefix) => overlaps(prefix, other.prefix)),
  );
}

/** What a VPC exposes is local to the hubs in it, natively joined or not. */
function vpcRanges(sites: readonly NativeSite[]): Occupied[] {
  return sites.filter((site) => site.kind === 'vpc').flatMap(rangesOf);
}

/** What pairs that both ask for make the hubs route. */
function routedRanges(sites: readonly NativeSite[]): Occupied[] {
  return mutualPairs(sites).flatMap((pair) => pair.flatMap(rangesOf));
}

function rangesOf(site: NativeSite): Occupied[] {
  return site.prefixes.map((text) => ({ site, prefix: parsePrefix(text) }));
}

/** Pairs that both ask for, in an order of their own. */
function mutualPairs(sites: readonly NativeSite[]): [NativeSite, NativeSite][] {
  const asking = sites.filter((site) => site.native.length > 0);
  const byName = new Map(asking.map((site) => [keyOf(site), site]));
  const pairs = [...byName.values()].flatMap((a) =>
    [...new Set(a.native)].flatMap((name): [NativeSite, NativeSite][] => {
      const b = byName.get(keyOf({ tenant: a.tenant, name }));
      return b && a.name < b.name && isMutual(a, b) ? [[a, b]] : [];
    }),
  );
  return sortedBy(pairs, ([a, b]) => `${a.tenant}/${a.name}/${b.name}`);
}

function keyOf(site: { readonly tenant: string; readonly name: string }): string {
  return `${site.tenant}/${site.name}`;
}

function isSame(a: NativeSite, b: NativeSite): boolean {
  return keyOf(a) === keyOf(b);
}

function isMutual(a: NativeSite, b: NativeSite): boolean {
  return a.tenant === b.tenant && a.native.includes(b.name) && b.native.includes(a.name);
}

function collide(a: NativeSite, b: NativeSite): boolean {
  return a.prefixes.some((one) => b.prefixes.some((other) => overlaps(parsePrefix(one), parsePrefix(other))));
}
