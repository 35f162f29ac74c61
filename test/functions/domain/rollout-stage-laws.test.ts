/** Laws of releases by stages, over clusters that are told late, do the tracks in any order, and tell of it when they like. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { releaseInForce } from '../../../functions/domain/rollout.ts';
import {
  abort,
  advance,
  isAbortable,
  ordersOf,
  type Releases,
  type StageOrders,
  settle,
  stageName,
} from '../../../functions/domain/rollout-stage.ts';
import { AppInstance, AppTemplate } from '../../../protocol/app.ts';
import { Upgrade } from '../../../protocol/app-change.ts';

const CLUSTERS = ['a', 'b'] as const;
const ASSIGNED = CLUSTERS.map((cluster) => ({ cluster, replicas: 3 }));
const NOW = '2026-01-01T00:00:00.000Z';
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

interface TrackThere {
  /** The release whose containers are all ready; undefined while none are. */
  ready: number | undefined;
  serves: boolean;
}

interface Told {
  readonly stage: StageOrders | undefined;
  readonly stable: number;
}

interface ClusterThere {
  told: Told;
  stable: TrackThere;
  next: TrackThere | undefined;
}

/** The control plane and its clusters. A bad release never gets ready; in a roll what was ready stays. */
class World {
  releases: Releases;
  template: AppTemplate;
  readonly clusters = new Map<string, ClusterThere>();
  readonly #instances = new Map<string, AppInstance>();
  readonly seen: string[] = [];
  readonly #bad: ReadonlySet<number>;

  constructor(bad: readonly number[]) {
    this.#bad = new Set(bad);
    this.template = AppTemplate.parse({ image: 'web:1' });
    this.releases = { release: 1, good: { release: 1, template: this.template } };
    for (const cluster of CLUSTERS)
      this.clusters.set(cluster, {
        told: { stage: undefined, stable: 1 },
        stable: { ready: 1, serves: true },
        next: undefined,
      });
  }

  release(upgrade: Upgrade): void {
    const release = this.releases.release + 1;
    this.template = AppTemplate.parse({ image: `web:${release}`, upgrade });
    this.#become(settle({ ...this.releases, release }, this.template, NOW));
  }

  abort(): void {
    if (isAbortable(this.releases))
      this.#become(abort(this.releases, this.template, { reason: 'somebody', now: NOW }));
  }

  promote(): void {
    const { stage } = this.releases;
    if (stage !== undefined) this.#become({ ...this.releases, stage: { ...stage, isPromoted: true } });
  }

  tell(cluster: string): void {
    const there = this.#at(cluster);
    const stage = ordersOf(this.releases, ASSIGNED);
    const stable = stage?.stable.release ?? releaseInForce(this.releases, this.template).release;
    there.told = { stage, stable };
  }

  doStable(cluster: string): void {
    const there = this.#at(cluster);
    const { stage, stable } = there.told;
    there.stable = {
      ready: this.#bad.has(stable) ? there.stable.ready : stable,
      serves: stage?.stage.serving.includes('stable') ?? true,
    };
  }

  doNext(cluster: string): void {
    const there = this.#at(cluster);
    const { stage } = there.told;
    if (stage === undefined) there.next = undefined;
    else
      there.next = {
        ready: this.#bad.has(stage.next.release) ? there.next?.ready : stage.next.release,
        serves: stage.stage.serving.includes('next'),
      };
  }

  report(cluster: string, isComplaining: boolean): void {
    const { told, stable, next } = this.#at(cluster);
    if (told.stage === undefined) return;
    const { name, serving } = told.stage.stage;
    const held = told.stage.stage.holdSeconds === undefined ? 'up' : 'held';
    const stateOf = (there: TrackThere | undefined, release: number, serves: boolean) =>
      there?.ready === release && there.serves === serves ? held : 'coming';
    const instance = (release: number, state: string, more: object) =>
      AppInstance.parse({
        cluster,
        release,
        wanted: 3,
        ready: 3,
        updated: 3,
        statements: [],
        containers: [],
        stage: { name, state },
        ...more,
      });
    const broken = {
      name: 'x',
      node: '',
      address: '',
      state: 'waiting',
      reason: 'crash_loop',
      message: 'It ends.',
    };
    const { release } = told.stage.next;
    const containers =
      isComplaining && this.#bad.has(release) ? [{ ...broken, lastLines: [], restarts: 2, release }] : [];
    this.#instances.set(
      `${cluster} stable`,
      instance(told.stable, stateOf(stable, told.stable, serving.includes('stable')), {}),
    );
    const state = stateOf(next, release, serving.includes('next'));
    this.#instances.set(`${cluster} next`, instance(release, state, { track: 'next', containers }));
    const instances = [...this.#instances.values()];
    this.#become(advance(this.releases, this.template, { assigned: ASSIGNED, instances, now: NOW }));
  }

  /** In each cluster something that is ready is asked. */
  isServing(): boolean {
    return [...this.clusters.values()].every(({ stable, next }) =>
      [stable, next].some((track) => track?.serves === true && track.ready !== undefined),
    );
  }

  #become(releases: Releases): void {
    this.releases = releases;
    const { stage } = releases;
    const text = stage === undefined ? '-' : stageName(stage);
    if (this.seen.at(-1) !== text) this.seen.push(text);
  }

  #at(cluster: string): ClusterThere {
    const there = this.clusters.get(cluster);
    if (there === undefined) throw new Error(`no cluster ${cluster}`);
    return there;
  }
}

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
      for (const act of all) {
        act(world);
        expect(world.isServing()).toBe(true);
      }
      calm(world);
      expect(world.isServing()).toBe(true);
    }),
    { numRuns: 5_000 },
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
    { numRuns: 1_000 },
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
    { numRuns: 1_000 },
  );
});

function rankOf(name: string): readonly [release: number, rank: number] {
  const [release = '0', kind, step = '0'] = name.split('.');
  const rank = ORDER.findIndex((one) => one === kind) * 100 + Number(step);
  return [Number(release), rank];
}
