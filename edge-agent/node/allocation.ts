/**
 * Who gets which address of a pool, and what becomes of one whose container has gone. It proposes; the cluster's API disposes, by refusing a second
 * object of the same name and a change of an older version. So what is known here may be old: then a claim is refused and made anew. Values in, values out.
 */
import { containsAddress, networkOf, type Prefix, sizeOf } from '../../protocol/address.ts';
import type { Holder, Holding } from './holding.ts';

/** So long an address waits for the container of the same name, when nobody else needs it. */
export const KEPT_MS = 3_600_000;

export interface Wish {
  readonly pool: string;
  readonly prefixes: readonly Prefix[];
  readonly holder: Holder;
  readonly node: string;
  readonly container: string;
}

/** What is known of addresses, which may be old. */
export interface Knowledge {
  readonly holdings: ReadonlyMap<number, Holding>;
  /** Claims under way from here. */
  readonly pending: ReadonlySet<number>;
  /** Look from behind this one on: nodes begin at different places, and an address rests before it is used again. */
  readonly after: number;
  readonly nowMs: number;
  /** Prefix length of the link that containers are on: of its networks, the first and the last address are nobody's. */
  readonly linkLength: number;
}

/** `create`: no object stands there. `replace`: one does, in exactly this version. */
export type Choice =
  | { readonly kind: 'create'; readonly next: Holding }
  | { readonly kind: 'replace'; readonly next: Holding }
  | { readonly kind: 'exhausted'; readonly usable: number; readonly held: number; readonly kept: number };

export function choose(wish: Wish, known: Knowledge): Choice {
  const mine = ownOf(wish, known);
  if (mine !== undefined) return { kind: 'replace', next: nextOf(wish, known, mine) };
  const free = firstFree(wish, known);
  if (free !== undefined)
    return { kind: 'create', next: nextOf(wish, known, { address: free, version: '' }) };
  const expired = longestKept(wish, known);
  if (expired !== undefined) return { kind: 'replace', next: nextOf(wish, known, expired) };
  const kept = holdingsOf(wish, known).filter(({ state }) => state === 'kept').length;
  const usable = usableCount(wish, known);
  // Those that are being claimed at this moment are held as well.
  return { kind: 'exhausted', usable, held: usable - kept, kept };
}

/** What it has already, or had under this name: a StatefulSet's pod is who its name says, and the newest one is the one that lives. */
function ownOf(wish: Wish, known: Knowledge): Holding | undefined {
  const { holder } = wish;
  const candidates = holdingsOf(wish, known).filter(({ address }) => !known.pending.has(address));
  return (
    candidates.find((one) => one.holder.uid === holder.uid) ??
    candidates.find((one) => holder.isStable && one.holder.isStable && isSameName(one.holder, holder))
  );
}

function isSameName(one: Holder, other: Holder): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}

function holdingsOf({ pool, prefixes }: Wish, { holdings }: Knowledge): Holding[] {
  return [...holdings.values()].filter(
    (one) => one.pool === pool && prefixes.some((prefix) => containsAddress(prefix, one.address)),
  );
}

/** The first one behind `after` that is nobody's, going around. */
function firstFree({ prefixes }: Wish, known: Knowledge): number | undefined {
  const { holdings, pending, after, linkLength } = known;
  const sorted = [...prefixes].sort((a, b) => a.base - b.base);
  let first: number | undefined;
  for (const { base, length } of sorted)
    for (let address = base; address < base + sizeOf(length); address += 1) {
      if (holdings.has(address) || pending.has(address) || !isUsable(address, linkLength)) continue;
      if (address > after) return address;
      first ??= address;
    }
  return first;
}

/** The first address of the containers' network is their gateway and the last its broadcast; of a /24, many a device thinks so anyway. */
export function isUsable(address: number, linkLength: number): boolean {
  return [linkLength, 24].every((length) => {
    const network = networkOf(address, length);
    return length > 30 || (address !== network && address !== network + sizeOf(length) - 1);
  });
}

function usableCount({ prefixes }: Wish, { linkLength }: Knowledge): number {
  let count = 0;
  for (const { base, length } of prefixes)
    for (let address = base; address < base + sizeOf(length); address += 1)
      if (isUsable(address, linkLength)) count += 1;
  return count;
}

function longestKept(wish: Wish, known: Knowledge): Holding | undefined {
  return holdingsOf(wish, known)
    .filter((one) => isExpired(one, known.nowMs) && !known.pending.has(one.address))
    .sort((a, b) => a.sinceMs - b.sinceMs)[0];
}

export function isExpired({ state, sinceMs }: Holding, nowMs: number): boolean {
  return state === 'kept' && nowMs - sinceMs >= KEPT_MS;
}

function nextOf(
  { pool, holder, node, container }: Wish,
  { nowMs }: Knowledge,
  { address, version }: Pick<Holding, 'address' | 'version'>,
): Holding {
  return { address, pool, holder, node, container, state: 'held', sinceMs: nowMs, version };
}

/** What a holding becomes when its container is deleted; undefined: the address is free. */
export function afterDelete(holding: Holding, nowMs: number): Holding | undefined {
  return holding.holder.isStable ? { ...holding, state: 'kept', sinceMs: nowMs } : undefined;
}

/** Where a node begins to look: spread over all numbers, the same after each start. */
export function startOf(node: string, prefixes: readonly Prefix[]): number {
  const sizes = prefixes.map(({ length }) => sizeOf(length));
  let offset =
    spread(node) %
    Math.max(
      1,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  for (const { base, length } of [...prefixes].sort((a, b) => a.base - b.base)) {
    if (offset < sizeOf(length)) return base + offset;
    offset -= sizeOf(length);
  }
  return 0;
}

/** FNV-1a: neighbouring names far apart. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

/** What is to be done about holdings whose containers said nothing any more: their node died, or lost its memory. */
export interface Presence {
  /** UIDs of all pods that the API server has. */
  readonly pods: ReadonlySet<string>;
  /** `NAMESPACE/NAME` of all StatefulSets. */
  readonly statefulSets: ReadonlySet<string>;
  readonly nowMs: number;
}

/** `keep`: its container is expected back. `free`: nobody will come for it. */
export interface Sweep {
  readonly kind: 'keep' | 'free';
  readonly holding: Holding;
}

/** What becomes of them. Those younger than `settleMs` are left: pods and holdings are not read at one moment. */
export function sweepsOf(holdings: readonly Holding[], presence: Presence, settleMs: number): Sweep[] {
  const { pods, statefulSets, nowMs } = presence;
  return holdings.flatMap((holding): Sweep[] => {
    const { holder, state, sinceMs } = holding;
    if (nowMs - sinceMs < settleMs || pods.has(holder.uid)) return [];
    const isExpected = holder.isStable && statefulSets.has(ownerOf(holder)) && !isExpired(holding, nowMs);
    if (!isExpected) return [{ kind: 'free', holding }];
    return state === 'held' ? [{ kind: 'keep', holding }] : [];
  });
}

/** A StatefulSet's pod is called after it, with a number. */
function ownerOf({ namespace, name }: Holder): string {
  return `${namespace}/${name.replace(/-\d+$/, '')}`;
}
