/**
 * Hands out virtual addresses: reads a ledger, decides purely, writes it on the condition that it still stands. The
 * ledger alone decides who has what; items (sites, edges, hubs) name what they hold, and a sweep frees the rest.
 */
import { createHash } from 'node:crypto';
import { formatAddress, parsePrefix } from '../../protocol/address.ts';
import type { Refusal } from '../../protocol/problem.ts';
import type { Mapping } from '../../protocol/site.ts';
import { readAgentId } from '../domain/agent.ts';
import {
  agentBlocks,
  agentOwner,
  allocate,
  blocksOf,
  release,
  siteBlocks,
  siteOwner,
} from '../domain/allocate.ts';
import type { Ledger, Store } from '../store/port.ts';
import { jitterMs, type Pause, pauseByTimer } from './pause.ts';
import type { Clock } from './ports.ts';

/** Writers spread over so many blocks at once; small prefixes stay together in them, so that /16s remain whole. */
const SPREAD_BLOCKS = 4;
/** Conflicts that one call bears before it gives up as `busy`. */
const CONFLICTS_MAX = 60;

export interface AllocatorDependencies {
  readonly store: Pick<Store, 'ledger' | 'writeLedger' | 'get'>;
  readonly clock: Clock;
  readonly pools: readonly string[];
  readonly pause?: Pause | undefined;
}

export interface Allocator {
  /** The mapping of each real prefix, in their order; those that the site's status shows stay as they are. */
  prefixes(tenant: string, site: string, reals: readonly string[]): Promise<Mapping[] | Refusal>;
  /** The tunnel address of an agent; asked again, the same. */
  agentAddress(agent: string): Promise<string | Refusal>;
  /** Frees what an owner (`agent/ID`, `TENANT/SITE`) holds; with `until`, only what was handed out by then. */
  release(owner: string, until?: string): Promise<void>;
}

interface Wish {
  readonly owner: string;
  readonly length: number;
  /** The blocks are filled one after the other; writers wait for each other rather than move on. */
  readonly inOrder?: true;
}

export function createAllocator(dependencies: AllocatorDependencies): Allocator {
  const { pools, store } = dependencies;
  return {
    async prefixes(tenant, site, reals) {
      const mappings: Mapping[] = [];
      const kept = await keptMappings(store, tenant, site);
      for (const real of reals) {
        const wish = { owner: siteOwner(tenant, site, real), length: parsePrefix(real).length };
        const virtual = kept.get(real) ?? (await obtain(dependencies, wish, siteBlocks(pools)));
        if (typeof virtual !== 'string') return virtual;
        mappings.push({ real, virtual });
      }
      return mappings;
    },
    async agentAddress(agent) {
      const kept = await keptAddress(store, agent);
      if (kept !== undefined) return kept;
      const virtual = await obtain(
        dependencies,
        { owner: agentOwner(agent), length: 32, inOrder: true },
        agentBlocks(pools),
      );
      return typeof virtual === 'string' ? formatAddress(parsePrefix(virtual).base) : virtual;
    },
    async release(owner, until) {
      for (const block of blocksOf(pools))
        await rewriteLedger(dependencies, block, (ledger) => release(ledger.taken, owner, until));
    },
  };
}

/** Changes a ledger, however often others write in between; throws if that never ends. */
export async function rewriteLedger(
  dependencies: AllocatorDependencies,
  block: string,
  change: (ledger: Ledger) => Ledger['taken'],
): Promise<void> {
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
    const ledger = await dependencies.store.ledger(block);
    const taken = change(ledger);
    if (Object.keys(taken).length === Object.keys(ledger.taken).length) return;
    const written = await dependencies.store.writeLedger({ block, version: ledger.version + 1, taken });
    if (written === 'written') return;
    await (dependencies.pause ?? pauseByTimer)(jitterMs(conflicts, dependencies.clock));
  }
  throw new Error(`the ledger of ${block} changed ${CONFLICTS_MAX} times in a row`);
}

/** What the site's own status shows is its for life, and needs no ledger. */
async function keptMappings(
  store: AllocatorDependencies['store'],
  tenant: string,
  name: string,
): Promise<Map<string, string>> {
  const site = await store.get({ kind: 'site', tenant, name });
  if (!site || site.deletedAt !== undefined) return new Map();
  return new Map(site.status.prefixes.map(({ real, virtual }) => [real, virtual]));
}

async function keptAddress(
  store: AllocatorDependencies['store'],
  agent: string,
): Promise<string | undefined> {
  const id = readAgentId(agent);
  if (!id) throw new TypeError(`${agent} is no id of an agent`);
  const item =
    id.role === 'hub'
      ? await store.get({ kind: 'hub', tenant: '*', name: id.name })
      : await store.get({ kind: 'edge', tenant: id.tenant, name: id.name });
  return item?.deletedAt === undefined ? item?.status.tunnelAddress : undefined;
}

/** Goes through the blocks, a few at a time, until one has the wish already or has room for it. */
async function obtain(
  dependencies: AllocatorDependencies,
  wish: Wish,
  blocks: readonly string[],
): Promise<string | Refusal> {
  for (const group of groupsFor(wish, blocks)) {
    const virtual = await obtainFrom(dependencies, wish, group);
    if (virtual !== undefined) return virtual;
  }
  return {
    code: 'pool_exhausted',
    detail: `No virtual /${wish.length} is free; add a pool to the deployment, or expose narrower prefixes.`,
  };
}

/** Tries the blocks in turn; a conflict moves on to the next, unless the order counts. Undefined: all full. */
async function obtainFrom(
  dependencies: AllocatorDependencies,
  wish: Wish,
  blocks: readonly string[],
): Promise<string | Refusal | undefined> {
  const held = await heldIn(dependencies, wish, blocks);
  let open = held === undefined ? [...blocks] : [held];
  for (let conflicts = 0; conflicts < CONFLICTS_MAX && open.length > 0; ) {
    const block = open[0] ?? '';
    const outcome = await takeFrom(dependencies, wish, block);
    if (typeof outcome === 'object') return outcome.virtual;
    if (outcome === 'full') open = open.slice(1);
    else {
      if (!wish.inOrder) open = [...open.slice(1), block];
      await (dependencies.pause ?? pauseByTimer)(jitterMs(conflicts, dependencies.clock));
      conflicts += 1;
    }
  }
  if (open.length === 0) return undefined;
  return {
    code: 'busy',
    detail: 'Too many prefixes are being allocated at once. Try again in a few seconds.',
  };
}

/** The block that has the wish from an earlier call whose answer was lost. */
async function heldIn(
  { store }: AllocatorDependencies,
  { owner }: Wish,
  blocks: readonly string[],
): Promise<string | undefined> {
  if (blocks.length < 2) return undefined;
  const ledgers = await Promise.all(blocks.map((block) => store.ledger(block)));
  return ledgers.find(({ taken }) => Object.values(taken).some((entry) => entry.owner === owner))?.block;
}

async function takeFrom(
  { store, clock }: AllocatorDependencies,
  wish: Wish,
  block: string,
): Promise<{ virtual: string } | 'full' | 'stale'> {
  const ledger = await store.ledger(block);
  const found = allocate(ledger, { ...wish, at: clock.now() });
  if (found === 'full') return 'full';
  const next = { block, version: ledger.version + 1, taken: found.taken };
  return (await store.writeLedger(next)) === 'written' ? { virtual: found.virtual } : 'stale';
}

/** Blocks in the order of trying: the same for the same owner, rotated in each group so that writers spread. */
function groupsFor({ owner, inOrder }: Wish, blocks: readonly string[]): string[][] {
  if (inOrder) return [[...blocks]];
  const start = createHash('sha256').update(owner).digest().readUInt16BE(0);
  const count = Math.ceil(blocks.length / SPREAD_BLOCKS);
  return Array.from({ length: count }, (_, index) => {
    const group = blocks.slice(index * SPREAD_BLOCKS, (index + 1) * SPREAD_BLOCKS);
    const shift = start % group.length;
    return [...group.slice(shift), ...group.slice(0, shift)];
  });
}
