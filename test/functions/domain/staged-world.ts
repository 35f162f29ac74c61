/** A control plane and its clusters while releases come by stages: told late, doing each track in its own time, telling of it when they like. */
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
import type { Upgrade } from '../../../protocol/app-change.ts';

export const CLUSTERS = ['a', 'b'] as const;
const ASSIGNED = CLUSTERS.map((cluster) => ({ cluster, replicas: 3 }));
const NOW = '2026-01-01T00:00:00.000Z';

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
export class World {
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
