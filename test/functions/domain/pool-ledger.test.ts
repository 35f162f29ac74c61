/** The claims of pools: none overlap at one site, whatever order requests, losses and sweeps come in, and what a pool names is always claimed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Taken } from '../../../functions/domain/allocate.ts';
import {
  type Claim,
  claim,
  forget,
  type PlacedRange,
  settle,
} from '../../../functions/domain/pool-ledger.ts';

const AT = '2026-01-01T00:00:00.000Z';
const WEB = { pool: 'web', createdAt: AT, version: 1 };
const A: PlacedRange = { site: 'oslo', prefix: '10.0.0.0/28' };
const B: PlacedRange = { site: 'oslo', prefix: '10.0.0.16/28' };

function claimed(taken: Taken, wanted: Partial<Claim>): Taken {
  const outcome = claim(taken, { stamp: WEB, ranges: [A], at: AT, ...wanted });
  if (outcome.kind !== 'claimed') throw new Error(outcome.kind);
  return outcome.taken;
}

describe('a claim', () => {
  test('bears the stamp of its pool', () => {
    expect(claimed({}, {})).toEqual({ 'oslo/10.0.0.0/28': { owner: `web/${AT}/1`, at: AT } });
  });

  test.each<[string, PlacedRange]>([
    ['the same', A],
    ['a wider', { site: 'oslo', prefix: '10.0.0.0/24' }],
    ['a narrower', { site: 'oslo', prefix: '10.0.0.4/30' }],
  ])('of %s range at the site is refused to another pool, and to a successor of the name', (_, range) => {
    const taken = claimed({}, {});
    for (const stamp of [
      { ...WEB, pool: 'api' },
      { ...WEB, createdAt: '2026-02-01T00:00:00.000Z' },
    ])
      expect(claim(taken, { stamp, ranges: [B, range], at: AT })).toEqual({
        kind: 'overlap',
        index: 1,
        pool: 'web',
        prefix: '10.0.0.0/28',
      });
  });

  test('of the same range at another site is taken: overlapping ranges are normal', () => {
    const ranges = [{ ...A, site: 'rome' }];
    expect(Object.keys(claimed(claimed({}, {}), { stamp: { ...WEB, pool: 'api' }, ranges }))).toHaveLength(2);
  });

  test('is renewed by a later version and not by an older one', () => {
    const later = claimed({}, { stamp: { ...WEB, version: 3 } });
    expect(claimed(later, { stamp: { ...WEB, version: 2 } })).toEqual(later);
    expect(settle(later, { ...WEB, version: 2 }, () => false)).toEqual(later);
    expect(settle(later, { ...WEB, version: 3 }, () => false)).toEqual({});
  });

  test('of a pool that lost its name to another is forgotten alone', () => {
    const other = { ...WEB, createdAt: '2026-02-01T00:00:00.000Z' };
    const both = claimed(claimed({}, {}), { stamp: other, ranges: [B] });
    expect(Object.keys(forget(both, other))).toEqual(['oslo/10.0.0.0/28']);
  });

  test('beyond the most is refused', () => {
    const many = Object.fromEntries(
      Array.from({ length: 4_096 }, (_, index) => [
        `rome/10.1.${index >> 8}.${index & 255}/32`,
        { owner: `x/${AT}/1`, at: AT },
      ]),
    );
    expect(claim(many, { stamp: WEB, ranges: [A], at: AT })).toEqual({ kind: 'full' });
  });
});

/**
 * A model of the whole protocol: requests in two halves (claim, then a conditional write), with deletions, settling and the sweep in between,
 * in any order. Names are used again after a deletion.
 */
interface Pool {
  readonly createdAt: string;
  readonly version: number;
  readonly ranges: readonly PlacedRange[];
  readonly deleted: boolean;
}

class World {
  taken: Taken = {};
  readonly pools = new Map<string, Pool>();
  readonly open: { name: string; before: Pool | undefined; next: Pool }[] = [];
  #births = 0;

  begin(name: string, ranges: readonly PlacedRange[]): void {
    const before = this.pools.get(name);
    if (before?.deleted) return;
    this.#births += 1;
    const createdAt = before?.createdAt ?? `t${this.#births}`;
    const version = (before?.version ?? 0) + 1;
    const outcome = claim(this.taken, { stamp: { pool: name, createdAt, version }, ranges, at: AT });
    if (outcome.kind !== 'claimed') return;
    this.taken = outcome.taken;
    this.open.push({ name, before, next: { createdAt, version, ranges, deleted: false } });
  }

  /** The store compares version and creation, and that there is nothing when it creates. */
  write(index: number): void {
    const [request] = this.open.splice(index % Math.max(1, this.open.length), 1);
    if (request === undefined) return;
    const { name, before, next } = request;
    const there = this.pools.get(name);
    if (before === undefined && there !== undefined) {
      const lost = { pool: name, createdAt: next.createdAt, version: next.version };
      this.taken = forget(this.taken, lost);
      return;
    }
    const isSame = there?.version === before?.version && there?.createdAt === before?.createdAt;
    if (before !== undefined && !isSame) return;
    this.pools.set(name, next);
  }

  settle(name: string): void {
    const pool = this.pools.get(name);
    if (pool === undefined) return;
    const named = pool.deleted ? [] : pool.ranges.map(({ site, prefix }) => `${site}/${prefix}`);
    const { createdAt, version } = pool;
    this.taken = settle(this.taken, { pool: name, createdAt, version }, (key) => named.includes(key));
  }

  delete(name: string): void {
    const pool = this.pools.get(name);
    if (pool !== undefined) this.pools.set(name, { ...pool, version: pool.version + 1, deleted: true });
  }

  /** A delivery: settled before it is purged. */
  purge(name: string): void {
    if (!this.pools.get(name)?.deleted) return;
    this.settle(name);
    this.pools.delete(name);
  }

  live(): [string, Pool][] {
    return [...this.pools].filter(([, { deleted }]) => !deleted);
  }
}

const name = fc.constantFrom('a', 'b');
const ranges = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom('oslo', 'rome'), fc.constantFrom(0, 1, 2, 3))
    .map(([site, number]) => ({ site, prefix: `10.0.0.${number * 16}/28` })),
  { minLength: 1, maxLength: 3, selector: ({ site, prefix }) => site + prefix },
);
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('begin' as const), name, ranges }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), index: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), name }) },
);

function perform(world: World, one: typeof act extends fc.Arbitrary<infer Act> ? Act : never): void {
  if (one.do === 'begin') world.begin(one.name, one.ranges);
  else if (one.do === 'write') world.write(one.index);
  else world[one.do](one.name);
}

test('whatever the order, what a pool names is claimed by it, and no address at a site is named by two', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const world = new World();
      for (const one of acts) {
        perform(world, one);
        const named = world
          .live()
          .flatMap(([pool, { ranges: own }]) =>
            own.map((range) => ({ pool, key: `${range.site}/${range.prefix}` })),
          );
        expect(new Set(named.map(({ key }) => key)).size).toBe(named.length);
        for (const { pool, key } of named) expect(world.taken[key]?.owner.split('/')[0]).toBe(pool);
      }
    }),
    { seed: 7, numRuns: 3_000 },
  );
});

test('at rest, once every pool is settled, only what pools name or lost writes took is claimed', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const world = new World();
      for (const one of acts) perform(world, one);
      while (world.open.length > 0) world.write(0);
      for (const pool of ['a', 'b']) {
        world.settle(pool);
        world.purge(pool);
      }
      const named = new Set(
        world.live().flatMap(([, pool]) => pool.ranges.map((one) => `${one.site}/${one.prefix}`)),
      );
      for (const [key, { owner }] of Object.entries(world.taken)) {
        const [pool = '', createdAt = '', version = ''] = owner.split('/');
        const there = world.pools.get(pool);
        const isLost = there?.createdAt !== createdAt || Number(version) > there.version;
        expect(named.has(key) || isLost, `${key} ${owner}`).toBe(true);
      }
    }),
    { seed: 7, numRuns: 1_000 },
  );
});
