/** Allocation under contention: all succeed, nothing overlaps, and the same owner keeps what it has. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentOwner, blocksOf, siteOwner } from '../../../functions/domain/allocate.ts';
import { createAllocator } from '../../../functions/reconcile/allocate.ts';
import type { Store } from '../../../functions/store/port.ts';
import { overlaps, parsePrefix } from '../../../protocol/address.ts';
import type { Refusal } from '../../../protocol/problem.ts';
import type { Mapping } from '../../../protocol/site.ts';
import {
  type Deployment,
  deleted,
  deployment,
  edgeItem,
  fill,
  hubItem,
  START,
  siteItem,
  unsteady,
} from './deployment.ts';

fc.configureGlobal({ seed: 73, numRuns: 25 });

function allocatorOf({ dependencies }: Deployment, pools: readonly string[] = ['100.64.0.0/10']) {
  const { store, clock, pause } = dependencies;
  return createAllocator({ store, clock, pools, pause });
}

function mappingsOf(found: Mapping[] | Refusal): Mapping[] {
  if (!Array.isArray(found)) throw new Error(`${found.code}: ${found.detail}`);
  return found;
}

async function takenIn(store: Store, pools: readonly string[] = ['100.64.0.0/10']): Promise<string[]> {
  const ledgers = await Promise.all(blocksOf(pools).map((block) => store.ledger(block)));
  return ledgers.flatMap(({ taken }) => Object.keys(taken));
}

function expectDisjoint(prefixes: readonly string[]): void {
  const parsed = prefixes.map(parsePrefix);
  for (const [index, one] of parsed.entries())
    expect(parsed.slice(index + 1).some((other) => overlaps(one, other))).toBe(false);
}

describe('fifty at once', () => {
  test('all get a prefix, and none overlaps another', async () => {
    const world = deployment(unsteady);
    const allocator = allocatorOf(world);
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, index) => allocator.prefixes('red', `s${index}`, ['10.0.0.0/24'])),
    );
    const virtual = found.flatMap(mappingsOf).map((mapping) => mapping.virtual);
    expect(virtual).toHaveLength(50);
    expectDisjoint(virtual);
    expect((await takenIn(world.store)).sort()).toEqual(virtual.sort());
  });

  test('all get one in a pool of a single block too, shared with as many agents', async () => {
    const world = deployment(unsteady);
    const allocator = allocatorOf(world, ['100.64.0.0/16']);
    const [sites, agents] = await Promise.all([
      Promise.all(
        Array.from({ length: 50 }, (_, index) => allocator.prefixes('red', `s${index}`, ['10.0.0.0/26'])),
      ),
      Promise.all(Array.from({ length: 50 }, (_, index) => allocator.agentAddress(`edge.red.s${index}`))),
    ]);
    expect(agents.every((address) => typeof address === 'string')).toBe(true);
    expect(sites.flatMap(mappingsOf)).toHaveLength(50);
    const taken = await takenIn(world.store, ['100.64.0.0/16']);
    expect(taken).toHaveLength(100);
    expectDisjoint(taken);
  });

  test('of the same owner all get the same', async () => {
    const allocator = allocatorOf(deployment(unsteady));
    const found = await Promise.all(Array.from({ length: 50 }, () => allocator.agentAddress('hub.a')));
    expect(new Set(found).size).toBe(1);
  });
});

test('nothing overlaps, whatever lengths are asked for and released at the same time', async () => {
  const reals = fc.uniqueArray(
    fc.integer({ min: 16, max: 30 }).map((length) => `10.${length}.0.0/${length}`),
    { minLength: 1, maxLength: 4 },
  );
  const requests = fc.array(
    fc.record({ site: fc.integer({ min: 0, max: 9 }), reals, isRelease: fc.boolean() }),
    {
      maxLength: 24,
    },
  );
  await fc.assert(
    fc.asyncProperty(requests, async (wanted) => {
      const world = deployment(unsteady);
      const allocator = allocatorOf(world);
      await Promise.all(
        wanted.map(({ site, reals: asked, isRelease }) =>
          isRelease
            ? allocator.release(siteOwner('red', `s${site}`))
            : allocator.prefixes('red', `s${site}`, asked),
        ),
      );
      expectDisjoint(await takenIn(world.store));
    }),
  );
});

test('a /16 still fits when every small site of a hundred has its prefix', async () => {
  const allocator = allocatorOf(deployment());
  for (let index = 0; index < 100; index += 1) await allocator.prefixes('red', `s${index}`, ['10.0.0.0/24']);
  const wide = await Promise.all(
    Array.from({ length: 59 }, (_, index) => allocator.prefixes('red', `w${index}`, ['10.0.0.0/16'])),
  );
  expect(wide.flatMap(mappingsOf)).toHaveLength(59);
});

describe('what an item shows', () => {
  test('stays as it is, without a ledger', async () => {
    const world = deployment();
    const mapping = { real: '10.0.0.0/24', virtual: '100.90.0.0/24' };
    await fill(world.store, [
      siteItem('red', 'oslo', [mapping]),
      hubItem('a', '100.64.0.7'),
      edgeItem('red', 'oslo'),
    ]);
    const allocator = allocatorOf(world);
    const found = mappingsOf(await allocator.prefixes('red', 'oslo', ['10.1.0.0/24', '10.0.0.0/24']));
    expect(found[1]).toEqual(mapping);
    expect(await allocator.agentAddress('hub.a')).toBe('100.64.0.7');
    expect(await allocator.agentAddress('edge.red.oslo')).toBe(edgeItem('red', 'oslo').status.tunnelAddress);
    expect(await takenIn(world.store)).toEqual([found[0]?.virtual]);
  });

  test('of a deleted one is not kept', async () => {
    const world = deployment();
    const gone = siteItem('red', 'oslo', [{ real: '10.0.0.0/24', virtual: '100.90.0.0/24' }]);
    await fill(world.store, [gone]);
    await world.store.replace(deleted(gone, START));
    const [found] = mappingsOf(await allocatorOf(world).prefixes('red', 'oslo', ['10.0.0.0/24']));
    expect(found?.virtual).not.toBe('100.90.0.0/24');
  });
});

test('a call whose answer was lost gets the same the second time, and a fresh date', async () => {
  const world = deployment();
  const allocator = allocatorOf(world);
  const first = mappingsOf(await allocator.prefixes('red', 'oslo', ['10.0.0.0/24', '10.1.0.0/16']));
  world.pass(100);
  expect(await allocator.prefixes('red', 'oslo', ['10.0.0.0/24', '10.1.0.0/16'])).toEqual(first);
  const ledgers = await Promise.all(blocksOf(['100.64.0.0/10']).map((block) => world.store.ledger(block)));
  const dates = ledgers.flatMap(({ taken }) => Object.values(taken).map(({ at }) => at));
  expect(dates).toEqual([world.dependencies.clock.now(), world.dependencies.clock.now()]);
});

test('the same holds if a conflict had moved the first call on to another block', async () => {
  let conflicts = 1;
  const world = deployment((store) => ({
    ...store,
    writeLedger: (ledger) => (conflicts-- > 0 ? Promise.resolve('stale') : store.writeLedger(ledger)),
  }));
  const allocator = allocatorOf(world);
  const first = await allocator.prefixes('red', 'oslo', ['10.0.0.0/24']);
  expect(await allocator.prefixes('red', 'oslo', ['10.0.0.0/24'])).toEqual(first);
  expect(await takenIn(world.store)).toHaveLength(1);
});

describe('an agent', () => {
  const FULL = Object.fromEntries(
    Array.from({ length: 4_096 }, (_, index) => [
      `100.64.${1 + (index >> 8)}.${index & 255}/32`,
      { owner: `agent/edge.red.s${index}`, at: START },
    ]),
  );

  test('comes to the last block of the pool when the first one is full, and keeps that address', async () => {
    const world = deployment();
    await world.store.writeLedger({ block: '100.64.0.0/16', version: 1, taken: FULL });
    const allocator = allocatorOf(world);
    expect(await allocator.agentAddress('edge.red.late')).toBe('100.127.0.1');
    await allocator.release(agentOwner('edge.red.s7'));
    expect(await allocator.agentAddress('edge.red.late')).toBe('100.127.0.1');
    expect(await allocator.agentAddress('edge.red.later')).toBe('100.64.0.1');
  });

  test('of fifty at once stays in the first block while there is room', async () => {
    const world = deployment(unsteady);
    const allocator = allocatorOf(world);
    const joins = Array.from({ length: 50 }, (_, index) => allocator.agentAddress(`edge.red.s${index}`));
    const addresses = await Promise.all(joins);
    expect(new Set(addresses).size).toBe(50);
    expect(addresses.every((address) => String(address).startsWith('100.64.'))).toBe(true);
  });
});

test('a full pool is a refusal that says what to do', async () => {
  const allocator = allocatorOf(deployment(), ['100.64.0.0/15']);
  await allocator.prefixes('red', 'oslo', ['10.0.0.0/17', '10.0.128.0/17']);
  expect(await allocator.prefixes('red', 'rome', ['10.0.0.0/28'])).toMatchObject({ code: 'pool_exhausted' });
});

test('endless conflicts are busy, not an endless loop', async () => {
  const world = deployment((store) => ({ ...store, writeLedger: () => Promise.resolve('stale') }));
  expect(await allocatorOf(world).agentAddress('hub.a')).toMatchObject({ code: 'busy' });
});

test('a release frees what the owner holds, but not what was handed out since', async () => {
  const world = deployment();
  const allocator = allocatorOf(world);
  await allocator.prefixes('red', 'oslo', ['10.0.0.0/24']);
  world.pass(60);
  const [kept] = mappingsOf(await allocator.prefixes('red', 'oslo', ['10.1.0.0/24']));
  await allocator.agentAddress('edge.red.oslo');
  await allocator.release(siteOwner('red', 'oslo'), START);
  expect(await takenIn(world.store)).toEqual(expect.arrayContaining([kept?.virtual]));
  expect(await takenIn(world.store)).toHaveLength(2);
  await allocator.release(agentOwner('edge.red.oslo'));
  await allocator.release(siteOwner('red', 'oslo'));
  expect(await takenIn(world.store)).toEqual([]);
});
