/** Everything that our framework knows, and what follows from it. It asks nobody and waits for nothing: the time is an argument, and what is to be done is an answer. */
import { keyOf, type MesosApp } from './app.ts';
import { matchOffers, type Place, placeOf, type Refusal, type Wish } from './offers.ts';
import { type AppPlan, type Failures, planApp } from './plan.ts';
import { isOver, recordOf, type TaskRecord, withStatus } from './tasks.ts';
import type { Offer, Task, TaskStatus } from './wire.ts';

/** Who ran so long before it ended was no failure of its start. */
const STEADY_MS = 60_000;
/** By itself or by a failing check, which Mesos calls killed. */
const OWN_ENDS = new Set(['TASK_FAILED', 'TASK_FINISHED', 'TASK_ERROR', 'TASK_KILLED']);

/** What is known of an app, for who asks how it is. */
export interface AppView {
  readonly app: MesosApp | undefined;
  readonly tasks: readonly TaskRecord[];
  /** The last task that ended by itself. */
  readonly ended: TaskRecord | undefined;
  readonly failures: Failures | undefined;
  /** Why the last offers did not do. */
  readonly refusals: ReadonlyMap<Refusal, number> | undefined;
}

export class FrameworkState {
  readonly apps = new Map<string, MesosApp>();
  readonly tasks = new Map<string, TaskRecord>();
  readonly #ended = new Map<string, TaskRecord>();
  readonly #failures = new Map<string, Failures>();
  readonly #refusals = new Map<string, ReadonlyMap<Refusal, number>>();
  readonly #places = new Map<string, Place>();

  constructor(apps: readonly MesosApp[], tasks: readonly TaskRecord[]) {
    for (const app of apps) this.apps.set(keyOf(app), app);
    for (const task of tasks) this.tasks.set(task.id, task);
  }

  /** What the master has of ours. Tasks that it does not name are kept, and answered: their agents may not have come back to a new master yet. */
  found(tasks: readonly Task[], nowMs: number): readonly TaskRecord[] {
    const seen = new Set<string>();
    for (const task of tasks) {
      const record = recordOf(task, nowMs);
      if (record === undefined || isOver(record)) continue;
      seen.add(record.id);
      const known = this.tasks.get(record.id);
      this.tasks.set(
        record.id,
        known === undefined ? record : { ...record, sinceMs: known.sinceMs, isKilled: known.isKilled },
      );
    }
    return [...this.tasks.values()].filter(({ id }) => !seen.has(id));
  }

  /** True if something ended: then there may be something to do. */
  told(status: TaskStatus, nowMs: number): void {
    const known = this.tasks.get(status.task_id.value);
    if (known === undefined) return;
    const record = withStatus(known, status, nowMs);
    if (!isOver(record)) {
      this.tasks.set(record.id, record);
      return;
    }
    this.tasks.delete(record.id);
    if (record.isKilled || !OWN_ENDS.has(record.state)) return;
    this.#ended.set(record.key, record);
    const before = this.#failures.get(record.key);
    const isInARow = before?.content === record.content && nowMs - record.sinceMs < STEADY_MS;
    const count = isInARow ? before.count + 1 : 1;
    this.#failures.set(record.key, { content: record.content, count, lastMs: nowMs });
  }

  tasksOf(key: string): TaskRecord[] {
    return [...this.tasks.values()].filter((task) => task.key === key);
  }

  view(key: string): AppView {
    const app = this.apps.get(key);
    const failures = this.#failures.get(key);
    return {
      app,
      tasks: this.tasksOf(key),
      ended: this.#ended.get(key),
      failures: failures?.content === app?.content ? failures : undefined,
      refusals: this.#refusals.get(key),
    };
  }

  forget(key: string): void {
    this.apps.delete(key);
    for (const kept of [this.#ended, this.#failures, this.#refusals]) kept.delete(key);
  }

  /** Tasks to end, those of apps that nobody wants any more among them; marked here as ended. */
  takeKills(nowMs: number): readonly TaskRecord[] {
    const orphans = [...this.tasks.values()].filter(({ key, isKilled }) => !isKilled && !this.apps.has(key));
    const planned = [...this.apps.values()].flatMap((app) =>
      this.#plan(app, nowMs).kill.flatMap((id) => this.tasks.get(id) ?? []),
    );
    const kills = [...orphans, ...planned];
    for (const task of kills) this.tasks.set(task.id, { ...task, isKilled: true });
    return kills;
  }

  wishes(nowMs: number): readonly Wish[] {
    return [...this.apps.values()].flatMap((app) => {
      const { launch: count } = this.#plan(app, nowMs);
      if (count === 0) return [];
      const places = this.tasksOf(keyOf(app)).map(
        ({ agent }) => this.#places.get(agent) ?? { agent, hostname: '', attributes: {} },
      );
      return [{ app, count, places }];
    });
  }

  /** When to look again, if nothing happens before. */
  againMs(nowMs: number): number | undefined {
    const times = [...this.apps.values()].flatMap((app) => this.#plan(app, nowMs).againMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Tasks for offers. Each has its record from here on, so that nothing is asked for twice. */
  place(offers: readonly Offer[], nowMs: number, newId: () => string) {
    for (const offer of offers) this.#places.set(offer.agent_id.value, placeOf(offer));
    const wishes = this.wishes(nowMs);
    const { launches, refusals } = matchOffers(offers, wishes);
    for (const { app } of wishes) this.#refusals.delete(keyOf(app));
    for (const [app, counts] of refusals) this.#refusals.set(keyOf(app), counts);
    return launches.map((launch) => {
      const { app, offer, ports } = launch;
      const id = `${app.namespace}.${app.app}.${newId()}`;
      this.tasks.set(id, {
        id,
        key: keyOf(app),
        agent: offer.agent_id.value,
        content: app.content,
        release: app.release,
        state: 'TASK_STAGING',
        healthy: undefined,
        address: '',
        ports,
        message: '',
        reason: '',
        sinceMs: nowMs,
        unreachableSinceMs: undefined,
        isKilled: false,
      });
      return { launch, id };
    });
  }

  #plan(app: MesosApp, nowMs: number): AppPlan {
    const key = keyOf(app);
    return planApp({ app, tasks: this.tasksOf(key), failures: this.#failures.get(key), nowMs });
  }
}
