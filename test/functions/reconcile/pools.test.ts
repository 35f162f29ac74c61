/** Claims of pools under contention: one owner an address, none lost, and what no pool came to name is free in the end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { poolBlock } from '../../../functions/domain/pool-ledger.ts';
import { claimRanges, freeClaims, settlePool } from '../../../functions/reconcile/pools.ts';
import { createReconciler } from '../../../functions/reconcile/reconcile.ts';
import type { Item, Store } from '../../../functions/store/port.ts';
import { ClusterSpec } from '../../../protocol/cluster.ts';
import {
  type Deployment,
  deleted,
  deployment,
  fill,
  item,
  START,
  tenantItem,
  unsteady,
} from './deployment.ts';

const CLUSTER: Item<'cluster'> = item<'cluster'>(
  { kind: 'cluster', tenant: 'red', name: 'prod' },
  {
    spec: ClusterSpec.parse({ site: 'oslo' }),
    status: {
      kind: 'kubernetes',
      authority: 'PEM',
      agent: 'edge.red.oslo',
      issuer: { id: '0123456789abcdef', publicKey: 'cm9vdA==' },
    },
    internal: {},
  },
);

function poolItem(name: string, ...prefixes: string[]): Item<'pool'> {
  const ranges = prefixes.map((prefix) => ({ cluster: 'prod', prefix }));
  return item<'pool'>({ kind: 'pool', tenant: 'red', name }, { spec: { ranges }, status: {}, internal: {} });
}

async function opened(wrap?: (store: Store) => Store): Promise<Deployment> {
  const world = deployment(wrap);
  await fill(world.store, [tenantItem('red'), CLUSTER]);
  return world;
}

function take({ dependencies }: Deployment, pool: string, prefixes: readonly string[]) {
  return claimRanges(dependencies, 'red', {
    stamp: { pool, createdAt: START, version: 1 },
    ranges: prefixes.map((prefix) => ({ site: 'oslo', prefix })),
    at: dependencies.clock.now(),
  });
}

const claimsIn = async ({ store }: Deployment): Promise<string[]> =>
  Object.entries((await store.ledger(poolBlock('red'))).taken)
    .map(([key, { owner }]) => `${key} ${owner.split('/')[0] ?? ''}`)
    .sort();

test('of fifty that want one range at once, one has it', async () => {
  const world = await opened(unsteady);
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) => take(world, `p${index}`, ['10.0.0.0/28'])),
  );
  expect(outcomes.filter((one) => one === undefined)).toHaveLength(1);
  expect(new Set(outcomes.map((one) => one?.code))).toEqual(new Set([undefined, 'prefix_overlaps']));
});

test('of fifty that want ranges of their own at once, all have them', async () => {
  const world = await opened(unsteady);
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) => take(world, `p${index}`, [`10.0.${index}.0/24`])),
  );
  expect(outcomes).toEqual(Array(50).fill(undefined));
  expect(await claimsIn(world)).toHaveLength(50);
});

test('whatever is claimed, settled and swept at the same time, what live pools name stays theirs alone', async () => {
  const prefix = fc.constantFrom('10.0.0.0/28', '10.0.0.16/28', '10.0.0.0/27', '10.0.0.32/28');
  const acts = fc.array(fc.record({ pool: fc.constantFrom('a', 'b', 'c'), prefix, settles: fc.boolean() }), {
    maxLength: 20,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(acts, async (wanted) => {
      const world = await opened(unsteady);
      await Promise.all(
        wanted.map(async ({ pool, prefix: text, settles }) => {
          if (settles) return settlePool(world.dependencies, poolItem(pool).key);
          if ((await take(world, pool, [text])) === undefined) await world.store.create(poolItem(pool, text));
          return freeClaims(world.dependencies, 'red');
        }),
      );
      const pools = (await world.store.list('pool', 'red', { limit: 100 })).items;
      const named = pools.flatMap(({ key, spec }) =>
        spec.ranges.map((one) => `oslo/${one.prefix} ${key.name}`),
      );
      expect(await claimsIn(world)).toEqual(expect.arrayContaining(named));
      for (const one of pools) await settlePool(world.dependencies, one.key);
      expect(
        (await claimsIn(world)).filter((text) => pools.some(({ key }) => text.endsWith(` ${key.name}`))),
      ).toEqual(named.sort());
    }),
    { seed: 73, numRuns: 40 },
  );
});

test('the delivery of a deletion frees the ranges of the pool, before its name is free', async () => {
  const world = await opened();
  await take(world, 'a', ['10.0.0.0/28']);
  await take(world, 'b', ['10.0.1.0/28']);
  await fill(world.store, [poolItem('a', '10.0.0.0/28'), poolItem('b', '10.0.1.0/28')]);
  const gone = deleted(poolItem('a', '10.0.0.0/28'), START);
  await world.store.replace(gone);
  await createReconciler(world.dependencies).onChange({ key: gone.key });
  expect(await claimsIn(world)).toEqual(['oslo/10.0.1.0/28 b']);
  expect(await world.store.get(gone.key)).toBeUndefined();
});

test('a claim whose pool never came is swept after ten minutes, and not before', async () => {
  const world = await opened();
  await take(world, 'a', ['10.0.0.0/28']);
  await take(world, 'b', ['10.0.1.0/28', '10.0.2.0/28']);
  await fill(world.store, [poolItem('b', '10.0.1.0/28')]);
  const reconciler = createReconciler(world.dependencies);
  world.pass(600);
  await reconciler.sweep();
  expect(await claimsIn(world)).toHaveLength(3);
  world.pass(1);
  await reconciler.sweep();
  expect(await claimsIn(world)).toEqual(['oslo/10.0.1.0/28 b']);
});

test('a claim that is renewed while the sweep judges it stays', async () => {
  const meanwhile: (() => Promise<unknown>)[] = [];
  const world = await opened((store) => ({
    ...store,
    list: async (kind, tenant, page) => {
      if (kind === 'pool') for (const act of meanwhile) await act();
      return store.list(kind, tenant, page);
    },
  }));
  await take(world, 'a', ['10.0.0.0/28']);
  world.pass(601);
  meanwhile.push(() => take(world, 'a', ['10.0.0.0/28']));
  await freeClaims(world.dependencies, 'red');
  expect(await claimsIn(world)).toEqual(['oslo/10.0.0.0/28 a']);
});
