/**
 * Which real address at a site is of which pool: the claims of a tenant's pools, as a ledger of one item. A claim is made before the pool that
 * names it is written, and bears the pool's stamp: its name, when it was created, and the version that it is for. A pool's own writes are ordered
 * by its version, so what no pool names any more can be told from what one is about to name. It must never let two claims overlap.
 */
import { overlaps, parsePrefix } from '../../protocol/address.ts';
import type { Taken } from './allocate.ts';

/** With the longest names well below what an item of the table takes. */
const CLAIMS_MAX = 4_096;

/** Who a claim is of. Two pools of one name, one after the other, are told apart by when they were created. */
export interface Stamp {
  readonly pool: string;
  readonly createdAt: string;
  readonly version: number;
}

/** A range with the site that its cluster is at. */
export interface PlacedRange {
  readonly site: string;
  readonly prefix: string;
}

export interface Claim {
  readonly stamp: Stamp;
  readonly ranges: readonly PlacedRange[];
  /** ISO 8601; it ages a claim that no pool came to name. */
  readonly at: string;
}

/** `overlap`: range number `index` has addresses of this pool, maybe of one that is just being made or deleted. */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly taken: Taken }
  | { readonly kind: 'overlap'; readonly index: number; readonly pool: string; readonly prefix: string }
  | { readonly kind: 'full' };

export function poolBlock(tenant: string): string {
  return `pools/${tenant}`;
}

export function claimKey({ site, prefix }: PlacedRange): string {
  return `${site}/${prefix}`;
}

/** All of the ranges, or none. Claims of the pool's older versions stay until `settle`, and a stamp is never lowered. */
export function claim(taken: Taken, { stamp, ranges, at }: Claim): ClaimOutcome {
  const held = Object.entries(taken).map(([key, { owner }]) => ({
    ...placeOf(key),
    stamp: readStamp(owner),
  }));
  for (const [index, range] of ranges.entries()) {
    const rival = held.find((other) => !isSame(other.stamp, stamp) && collides(other, range));
    if (rival !== undefined) return { kind: 'overlap', index, pool: rival.stamp.pool, prefix: rival.prefix };
  }
  const next: Record<string, Taken[string]> = { ...taken };
  for (const range of ranges) {
    const before = next[claimKey(range)];
    const version = Math.max(stamp.version, before === undefined ? 0 : readStamp(before.owner).version);
    next[claimKey(range)] = { owner: stampText({ ...stamp, version }), at };
  }
  return Object.keys(next).length > CLAIMS_MAX ? { kind: 'full' } : { kind: 'claimed', taken: next };
}

/**
 * Without what the pool claimed up to this version and does not name: no write of it for such a version can come any more, and one for a later
 * version has put its own stamp on what it needs. Of a deleted pool nothing is named.
 */
export function settle(taken: Taken, stamp: Stamp, isNamed: (key: string) => boolean): Taken {
  return filtered(taken, (key, owner) => {
    const own = readStamp(owner);
    return !isSame(own, stamp) || own.version > stamp.version || isNamed(key);
  });
}

/** Without all that a pool claimed that will never be: another one of its name was made first. */
export function forget(taken: Taken, stamp: Stamp): Taken {
  return filtered(taken, (_, owner) => !isSame(readStamp(owner), stamp));
}

export function stampText({ pool, createdAt, version }: Stamp): string {
  return `${pool}/${createdAt}/${version}`;
}

export function readStamp(owner: string): Stamp {
  const [pool = '', createdAt = '', version = ''] = owner.split('/');
  return { pool, createdAt, version: Number(version) };
}

function filtered(taken: Taken, stays: (key: string, owner: string) => boolean): Taken {
  return Object.fromEntries(Object.entries(taken).filter(([key, { owner }]) => stays(key, owner)));
}

function placeOf(key: string): PlacedRange {
  const slash = key.indexOf('/');
  return { site: key.slice(0, slash), prefix: key.slice(slash + 1) };
}

function isSame(one: Stamp, other: Stamp): boolean {
  return one.pool === other.pool && one.createdAt === other.createdAt;
}

function collides(one: PlacedRange, other: PlacedRange): boolean {
  return one.site === other.site && overlaps(parsePrefix(one.prefix), parsePrefix(other.prefix));
}
