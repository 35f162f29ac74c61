/**
 * Claims the ranges of pools: reads the tenant's ledger, decides purely, writes it on the condition that it still stands. The ledger alone decides
 * who has an address at a site; a pool names what it claimed before. What no pool came to name is swept.
 */
import type { Refusal } from '../../protocol/problem.ts';
import { ageSeconds } from '../../protocol/time.ts';
import type { Taken } from '../domain/allocate.ts';
import {
  type Claim,
  claim,
  claimKey,
  forget,
  poolBlock,
  readStamp,
  type Stamp,
  settle,
} from '../domain/pool-ledger.ts';
import type { Item, Ledger, Store } from '../store/port.ts';
import { jitterMs, type Pause, pauseByTimer } from './pause.ts';
import type { Clock } from './ports.ts';
import { listAll } from './present.ts';

/** Conflicts that one call bears before it gives up as `busy`. */
const CONFLICTS_MAX = 60;
/** A claim comes before the pool that names it; this long the pool may take. */
const ORPHAN_SECONDS = 600;

export interface PoolDependencies {
  readonly store: Pick<Store, 'ledger' | 'writeLedger' | 'get' | 'list'>;
  readonly clock: Clock;
  readonly pause?: Pause | undefined;
}

const BUSY: Refusal = {
  code: 'busy',
  detail: 'Too many pools of the tenant are being changed at once. Try again in a few seconds.',
};

/** Undefined once all the ranges are claimed. */
export async function claimRanges(
  dependencies: PoolDependencies,
  tenant: string,
  wanted: Claim,
): Promise<Refusal | undefined> {
  let refusal: Refusal | undefined;
  const written = await rewrite(dependencies, tenant, (taken) => {
    const outcome = claim(taken, wanted);
    refusal = undefined;
    if (outcome.kind === 'claimed') return outcome.taken;
    refusal = outcome.kind === 'full' ? FULL : overlapping(outcome, wanted);
    return undefined;
  });
  return refusal ?? (written === 'busy' ? BUSY : undefined);
}

const FULL: Refusal = {
  code: 'forbidden',
  detail: 'The pools of the tenant have as many ranges as they may have. Join ranges that lie side by side.',
};

interface Overlap {
  readonly index: number;
  readonly pool: string;
  readonly prefix: string;
}

function overlapping({ index, pool, prefix }: Overlap, { stamp, ranges }: Claim): Refusal {
  if (pool === stamp.pool)
    return { code: 'busy', detail: `Another request makes, or made, a pool ${pool}. Try again in a minute.` };
  const wanted = ranges[index];
  const detail = `${wanted?.prefix ?? ''} overlaps ${prefix}, which the pool ${pool} has at the site ${wanted?.site ?? ''}.`;
  return {
    code: 'prefix_overlaps',
    detail,
    errors: [{ pointer: `/spec/ranges/${index}/prefix`, detail }],
  };
}

/** Frees what a pool claimed before and names no longer, as it stands now. Too many conflicts leave it to the sweep. */
export async function settlePool(dependencies: PoolDependencies, key: Item<'pool'>['key']): Promise<void> {
  const item = await dependencies.store.get(key);
  if (item === undefined) return;
  const isNamed = await namedBy(dependencies, item);
  await rewrite(dependencies, key.tenant, (taken) => settle(taken, stampOf(item), isNamed));
}

/** Frees what was claimed for a pool that another one of its name came before. */
export async function forgetPool(dependencies: PoolDependencies, lost: Item<'pool'>): Promise<void> {
  const there = await dependencies.store.get(lost.key);
  if (there?.createdAt === lost.createdAt) return settlePool(dependencies, lost.key);
  await rewrite(dependencies, lost.key.tenant, (taken) => forget(taken, stampOf(lost)));
}

/** Frees claims that are old and that no pool names. The ledger is read first: who needs a claim meanwhile writes it anew. */
export async function freeClaims(dependencies: PoolDependencies, tenant: string): Promise<void> {
  const { store, clock } = dependencies;
  const { taken } = await store.ledger(poolBlock(tenant));
  const aged = Object.entries(taken).filter(([, { at }]) => ageSeconds(at, clock.now()) > ORPHAN_SECONDS);
  if (aged.length === 0) return;
  const pools = await listAll(store, 'pool', tenant);
  const sites = await sitesOf(store, tenant);
  const orphans = new Map(
    aged.filter(([key, { owner }]) => {
      const { pool, createdAt } = readStamp(owner);
      const item = pools.find((one) => one.key.name === pool && one.createdAt === createdAt);
      return item === undefined || (item.deletedAt === undefined && !isNamedIn(item, sites, key));
    }),
  );
  if (orphans.size === 0) return;
  await rewrite(dependencies, tenant, (now) =>
    Object.fromEntries(
      Object.entries(now).filter(([key, { owner, at }]) => {
        const orphan = orphans.get(key);
        return orphan === undefined || orphan.owner !== owner || orphan.at !== at;
      }),
    ),
  );
}

export function stampOf({
  key,
  createdAt,
  version,
}: Pick<Item<'pool'>, 'key' | 'createdAt' | 'version'>): Stamp {
  return { pool: key.name, createdAt, version };
}

/** A deleted pool names nothing. */
async function namedBy({ store }: PoolDependencies, item: Item<'pool'>): Promise<(key: string) => boolean> {
  if (item.deletedAt !== undefined) return () => false;
  const sites = await sitesOf(store, item.key.tenant);
  return (key) => isNamedIn(item, sites, key);
}

/** A range whose cluster is not to be found keeps the prefix at every site: it is better blocked than had by two. */
function isNamedIn({ spec }: Item<'pool'>, sites: ReadonlyMap<string, string>, key: string): boolean {
  return spec.ranges.some(({ cluster, prefix }) => {
    const site = sites.get(cluster);
    return site === undefined ? key.endsWith(`/${prefix}`) : key === claimKey({ site, prefix });
  });
}

async function sitesOf(store: Pick<Store, 'list'>, tenant: string): Promise<ReadonlyMap<string, string>> {
  const clusters = await listAll(store, 'cluster', tenant);
  return new Map(clusters.map(({ key, spec }) => [key.name, spec.site]));
}

/** Changes the ledger, however often others write in between; undefined from `change`, or the same text, writes nothing. */
async function rewrite(
  dependencies: PoolDependencies,
  tenant: string,
  change: (taken: Taken) => Taken | undefined,
): Promise<'done' | 'busy'> {
  const { store, clock, pause = pauseByTimer } = dependencies;
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
    const { block, version, taken }: Ledger = await store.ledger(poolBlock(tenant));
    const next = change(taken);
    if (next === undefined || JSON.stringify(next) === JSON.stringify(taken)) return 'done';
    if ((await store.writeLedger({ block, version: version + 1, taken: next })) === 'written') return 'done';
    await pause(jitterMs(conflicts, clock));
  }
  return 'busy';
}
