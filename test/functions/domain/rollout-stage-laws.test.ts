/** Laws of releases by stages, over clusters that are told late, do the tracks in any order, and tell of it when they like. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { releaseInForce } from '../../../functions/domain/rollout.ts';
import { Upgrade } from '../../../protocol/app-change.ts';
import { CLUSTERS, World } from './staged-world.ts';

const ORDER = [
  'canary',
  'preparing',
  'switching',
  'holding',
  'replacing',
  'promoting',
  'rejoining',
  'returning',
] as const;

const upgrades = fc.constantFrom(
  Upgrade.parse({ kind: 'rolling' }),
  Upgrade.parse({ kind: 'blueGreen', holdSeconds: 0 }),
  Upgrade.parse({ kind: 'blueGreen', autoPromotion: false }),
  Upgrade.parse({ kind: 'canary', steps: [{ percent: 10, holdSeconds: 1 }, { percent: 50 }] }),
  Upgrade.parse({ kind: 'canary', steps: [{ percent: 40, holdSeconds: 5 }] }),
);
const at = fc.constantFrom(...CLUSTERS);
type Act = (world: World) => void;
/** One cluster does what it is told and says so: without it lives seldom come far. */
const turn = (name: string): Act => {
  return (world) => {
    world.tell(name);
    world.doStable(name);
    world.doNext(name);
    world.report(name, false);
  };
};
const acts = fc.oneof(
  {
    weight: 6,
    arbitrary: upgrades.map(
      (upgrade): Act =>
        (world) =>
          world.release(upgrade),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Act>((world) => world.abort()) },
  { weight: 3, arbitrary: fc.constant<Act>((world) => world.promote()) },
  { weight: 25, arbitrary: at.map(turn) },
  {
    weight: 20,
    arbitrary: fc.constant<Act>((world) => {
      for (const name of CLUSTERS) turn(name)(world);
    }),
  },
  {
    weight: 25,
    arbitrary: at.map(
      (name): Act =>
        (world) =>
          world.tell(name),
    ),
  },
  {
    weight: 25,
    arbitrary: at.map(
      (name): Act =>
        (world) =>
          world.doStable(name),
    ),
  },
  {
    weight: 25,
    arbitrary: at.map(
      (name): Act =>
        (world) =>
          world.doNext(name),
    ),
  },
  {
    weight: 12,
    arbitrary: fc.tuple(at, fc.boolean()).map(
      ([name, complains]): Act =>
        (world) =>
          world.report(name, complains),
    ),
  },
);
const lives = fc.record({
  bad: fc.subarray([3, 5, 8]),
  acts: fc.array(acts, { minLength: 10, maxLength: 120, size: 'max' }),
});

/** All clusters do what they are told and tell of it, so long that whatever can end has ended. */
function calm(world: World): void {
  for (let round = 0; round < 40; round += 1) {
    world.promote();
    for (const name of CLUSTERS) {
      world.tell(name);
      world.doStable(name);
      world.doNext(name);
      world.report(name, true);
    }
  }
}

test('at every moment something that is ready is asked, in each cluster', () => {
  fc.assert(
    fc.property(lives, ({ bad, acts: all }) => {
      const world = new World(bad);
      let isServing = true;
      for (const act of [...all, calm]) {
        act(world);
        isServing &&= world.isServing();
      }
      expect(isServing).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('stages of a release only go forward, or back to stable, and a release never comes twice', () => {
  fc.assert(
    fc.property(lives, ({ bad, acts: all }) => {
      const world = new World(bad);
      for (const act of all) act(world);
      calm(world);
      const known = world.seen.filter((text) => text !== '-').map(rankOf);
      for (const [index, [release, rank]] of known.entries()) {
        const before = known.slice(0, index).findLast(([other]) => other === release);
        if (before !== undefined) expect(rank).toBeGreaterThan(before[1]);
      }
    }),
    { numRuns: 500 },
  );
});

test('left alone it ends: the newest release runs everywhere if it is good, else the last that was', () => {
  fc.assert(
    fc.property(lives, ({ bad, acts: all }) => {
      const world = new World(bad);
      for (const act of all) act(world);
      calm(world);
      const { releases, template } = world;
      expect(releases.stage).toBeUndefined();
      const isRolled = template.upgrade.kind === 'rolling';
      const running = releaseInForce(releases, template).release;
      if (isRolled) return;
      const isGiven = bad.includes(releases.release) || releases.failed?.release === releases.release;
      expect(running).toBe(isGiven ? releases.good?.release : releases.release);
      expect([...world.clusters.values()].map(({ stable, next }) => [stable, next])).toEqual(
        CLUSTERS.map(() => [{ ready: running, serves: true }, undefined]),
      );
    }),
    { numRuns: 500 },
  );
});

function rankOf(name: string): readonly [release: number, rank: number] {
  const [release = '0', kind, step = '0'] = name.split('.');
  const rank = ORDER.findIndex((one) => one === kind) * 100 + Number(step);
  return [Number(release), rank];
}
