/**
 * Virtual addresses: where a prefix goes in the ledger of a block. It must never hand out what is taken, in any
 * length. Which block is tried, and the writing, are the reconcile room's.
 */
import {
  comparePrefixes,
  formatPrefix,
  networkOf,
  type Prefix,
  parsePrefix,
  sizeOf,
} from '../../protocol/address.ts';

const BLOCK_LENGTH = 16;
const AGENT_LENGTH = 32;
const LEDGER_ENTRIES_MAX = 4_096;
/** With the first one, room for 10,000 agents of the longest names. */
const AGENT_OVERFLOW_BLOCKS = 3;
/** A ledger is one item of the table, of 400 kB at most; this leaves room for its other attributes. */
const LEDGER_BYTES_MAX = 350_000;
/** What a map entry takes beside its three texts: attribute names and type bytes, rounded up. */
const ENTRY_OVERHEAD_BYTES = 16;

/** What is taken in a block: owner by virtual prefix; `at` is when it was last handed out. */
export type Taken = Readonly<Record<string, { readonly owner: string; readonly at: string }>>;

export interface AllocationRequest {
  readonly owner: string;
  readonly length: number;
  readonly at: string;
}

/** The /16s of the pools, in order; a pool narrower than that is its own block. */
export function blocksOf(pools: readonly string[]): string[] {
  return pools.map(parsePrefix).flatMap((pool) => {
    const length = Math.max(pool.length, BLOCK_LENGTH);
    const count = sizeOf(pool.length) / sizeOf(length);
    return Array.from({ length: count }, (_, index) =>
      formatPrefix({ base: pool.base + index * sizeOf(length), length }),
    );
  });
}

/**
 * Where agents' addresses go, in this order: the first block, which serves nothing else (unless it is the only one), and
 * when it is full the last ones, which sites come to last. A ledger stays small that way, and so does each write of it.
 */
export function agentBlocks(pools: readonly string[]): string[] {
  const [first, ...rest] = blocksOf(pools);
  return first === undefined ? [] : [first, ...rest.slice(-AGENT_OVERFLOW_BLOCKS).reverse()];
}

/** Where sites' prefixes go: every block but the agents' first. The only block of a small pool is shared with the agents. */
export function siteBlocks(pools: readonly string[]): string[] {
  const blocks = blocksOf(pools);
  return blocks.length > 1 ? blocks.slice(1) : blocks;
}

/** The owner of a site's prefix; `real` is part of it, so that each prefix has its own for life. */
export function siteOwner(tenant: string, site: string, real?: string): string {
  return real === undefined ? `${tenant}/${site}` : `${tenant}/${site}/${real}`;
}

export function agentOwner(agent: string): string {
  return `agent/${agent}`;
}

/**
 * First fit, aligned to its length. The same owner and length get what they have, with a fresh `at`: writing that
 * tells a sweep, which may be about to free it, that it is wanted again.
 */
export function allocate(
  ledger: { readonly block: string; readonly taken: Taken },
  request: AllocationRequest,
): { virtual: string; taken: Taken } | 'full' {
  const virtual = held(ledger.taken, request) ?? free(ledger, request);
  if (virtual === undefined) return 'full';
  const entry = { owner: request.owner, at: request.at };
  return { virtual, taken: { ...ledger.taken, [virtual]: entry } };
}

/**
 * Without the entries of this owner: an agent's, one prefix of a site, or all of a site (`TENANT/SITE`). With
 * `until`, only those last handed out no later: what a successor of the same name got since then stays.
 */
export function release(taken: Taken, owner: string, until?: string): Taken {
  const stays = (entry: Taken[string]) =>
    (entry.owner !== owner && !entry.owner.startsWith(`${owner}/`)) ||
    (until !== undefined && entry.at > until);
  return Object.fromEntries(Object.entries(taken).filter(([, entry]) => stays(entry)));
}

function held(taken: Taken, request: AllocationRequest): string | undefined {
  return Object.keys(taken).find(
    (virtual) => taken[virtual]?.owner === request.owner && parsePrefix(virtual).length === request.length,
  );
}

function free(
  ledger: { readonly block: string; readonly taken: Taken },
  request: AllocationRequest,
): string | undefined {
  const block = parsePrefix(ledger.block);
  if (request.length < block.length || isFull(ledger.taken, request)) return undefined;
  const base = firstGap(block, Object.keys(ledger.taken).map(parsePrefix), request.length);
  return base === undefined ? undefined : formatPrefix({ base, length: request.length });
}

/** By entries and by estimated size, whichever comes first. */
function isFull(taken: Taken, request: AllocationRequest): boolean {
  const entries = Object.entries(taken);
  if (entries.length >= LEDGER_ENTRIES_MAX) return true;
  const bytes = entries.reduce((sum, [key, { owner, at }]) => sum + key.length + owner.length + at.length, 0);
  const more = request.owner.length + request.at.length;
  return bytes + more + (entries.length + 1) * ENTRY_OVERHEAD_BYTES > LEDGER_BYTES_MAX;
}

/** The lowest aligned address with room. A single address is never the block's first one: tools take .0.0 for a network. */
function firstGap(block: Prefix, taken: Prefix[], length: number): number | undefined {
  const size = sizeOf(length);
  let candidate = length === AGENT_LENGTH && block.length < AGENT_LENGTH ? block.base + 1 : block.base;
  for (const prefix of taken.sort(comparePrefixes)) {
    if (candidate + size <= prefix.base) break;
    candidate = Math.max(candidate, alignUp(prefix.base + sizeOf(prefix.length), length));
  }
  return candidate + size <= block.base + sizeOf(block.length) ? candidate : undefined;
}

function alignUp(address: number, length: number): number {
  return networkOf(address + sizeOf(length) - 1, length);
}
