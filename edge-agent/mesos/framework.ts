/**
 * Our framework: keeps a stream to the master, tells what it hears to `state.ts`, and does what follows from that. One thing at a time, in the order in which
 * it came. After a connection is lost it reads everything again, and begins nothing before it has.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { keyOf, type MesosApp } from './app.ts';
import { type MesosClient, MesosError, type Subscription } from './client.ts';
import { readMemory, writeMemory } from './memory.ts';
import { type AppView, FrameworkState } from './state.ts';
import {
  acceptOf,
  type Call,
  declineOf,
  frameworkInfoOf,
  killOf,
  reconcileOf,
  taskInfoOf,
} from './task-info.ts';
import type { TaskRecord } from './tasks.ts';
import { type Offer, type SchedulerEvent, type TaskStatus, Tasks } from './wire.ts';

const REFUSE_SECONDS = 5;
const RETRY_MS = 1_000;
/** After the master has thrown us out: somebody else may have taken our place. */
const EXPELLED_MS = 15_000;
const TICK_MS = 5_000;
/** A task that has not begun by then is asked for. */
const DOUBT_MS = 30_000;
const READY_MS_MAX = 10_000;
const READY_ASK_MS = 25;

export interface FrameworkSettings {
  readonly client: MesosClient;
  /** Where it remembers what it must; its own. */
  readonly directory: string;
  /** Shown to people. */
  readonly name: string;
  /** Whom tasks run as. */
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  readonly log?: (words: string) => void;
}

export class MesosFramework {
  readonly client: MesosClient;
  readonly #settings: FrameworkSettings;
  readonly #state: FrameworkState;
  readonly #ending = new AbortController();
  #frameworkId: string | undefined;
  #stream: Subscription | undefined;
  #isSynced = false;
  #isSuppressed = false;
  #revivedMs = 0;
  #queue: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #lastFault = 'it has not been asked yet';

  constructor(settings: FrameworkSettings) {
    this.#settings = settings;
    this.client = settings.client;
    const { frameworkId, apps, tasks } = readMemory(settings.directory);
    this.#frameworkId = frameworkId;
    this.#state = new FrameworkState(apps, tasks);
  }

  get frameworkId(): string | undefined {
    return this.#frameworkId;
  }

  start(): void {
    this.#running ??= Promise.all([this.#keepSubscribed(), this.#keepTicking()]).then(() => undefined);
  }

  /** Ends the connection; tasks run on. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.#stream?.close();
    await this.#running;
    await this.#queue;
  }

  /** Resolves once the master has told everything; rejects with `mesos.unreachable` if it does not come to that. */
  async ready(): Promise<void> {
    const until = performance.now() + READY_MS_MAX;
    while (!this.#isSynced) {
      if (performance.now() > until)
        throw new MesosError('mesos.unreachable', `The master does not talk to us: ${this.#lastFault}`);
      await pause(READY_ASK_MS);
    }
  }

  /** True if that is something new. */
  set(app: MesosApp): boolean {
    const key = keyOf(app);
    if (JSON.stringify(this.#state.apps.get(key)) === JSON.stringify(app)) return false;
    this.#state.apps.set(key, app);
    this.#remember();
    void this.#enqueue(() => this.#pass());
    return true;
  }

  /** True if there was something of it. */
  unset(key: string): boolean {
    const isThere = this.#state.apps.has(key) || this.#state.tasksOf(key).some(({ isKilled }) => !isKilled);
    if (!isThere) return false;
    this.#state.forget(key);
    this.#remember();
    void this.#enqueue(() => this.#pass());
    return true;
  }

  apps(): readonly MesosApp[] {
    return [...this.#state.apps.values()];
  }

  view(key: string): AppView {
    return this.#state.view(key);
  }

  /** Ends one task; another takes its place. */
  async kill(id: string): Promise<void> {
    const task = this.#state.tasks.get(id);
    if (task === undefined) return;
    this.#state.tasks.set(id, { ...task, isKilled: true });
    await this.#enqueue(() => this.#sendKill(task));
  }

  async #keepSubscribed(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const waitMs = await this.#subscribe().catch((cause: unknown) => {
        this.#lastFault = cause instanceof Error ? cause.message : String(cause);
        return RETRY_MS;
      });
      this.#isSynced = false;
      this.#stream?.close();
      this.#stream = undefined;
      await pause(waitMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    }
  }

  /** Until the stream ends. Answers how long to wait before the next one. */
  async #subscribe(): Promise<number> {
    const info = frameworkInfoOf(this.#settings, this.#frameworkId);
    this.#stream = await this.client.subscribe({ framework_info: info }, this.#frameworkId);
    for await (const event of this.#stream.events) {
      if (event.type === 'ERROR') return this.#expelled(event.error?.message ?? '');
      await this.#enqueue(() => this.#heard(event));
    }
    return RETRY_MS;
  }

  #expelled(message: string): number {
    this.#lastFault = message;
    this.#settings.log?.(`The master has ended our connection: ${message}`);
    // Away for longer than the master waits: its tasks are gone with it, and it may not come back under this name.
    if (/has been removed|completed/i.test(message)) {
      this.#frameworkId = undefined;
      this.#remember();
    }
    return EXPELLED_MS;
  }

  async #heard(event: SchedulerEvent): Promise<void> {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.#frameworkId = event.subscribed?.framework_id.value;
        this.#remember();
        await this.#read();
        return this.#pass();
      case 'OFFERS':
        return this.#offered(event.offers?.offers ?? []);
      case 'UPDATE':
        if (event.update !== undefined) await this.#updated(event.update.status);
        return;
      default:
        return;
    }
  }

  /** All that the master has of ours, and then the newest status of each. */
  async #read(): Promise<void> {
    const { get_tasks: told } = await this.client.operator(Tasks, 'GET_TASKS');
    const ours = [...told.pending_tasks, ...told.tasks, ...told.unreachable_tasks].filter(
      ({ framework_id: id }) => id.value === this.#frameworkId,
    );
    const doubtful = this.#state.found(ours, this.#settings.wallNow());
    if (doubtful.length > 0) await this.#call(reconcileOf(doubtful));
    await this.#call(reconcileOf([]));
    // A kill may have been lost with the connection.
    for (const task of this.#state.tasks.values()) if (task.isKilled) await this.#sendKill(task);
    this.#isSynced = true;
    this.#isSuppressed = false;
    this.#remember();
  }

  async #updated(status: TaskStatus): Promise<void> {
    this.#state.told(status, this.#settings.wallNow());
    this.#remember();
    // Only then: what is acknowledged is not told again.
    if (status.uuid !== undefined && status.agent_id !== undefined) {
      const { task_id, agent_id, uuid } = status;
      await this.#call({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
    }
    await this.#pass();
  }

  async #offered(offers: readonly Offer[]): Promise<void> {
    if (!this.#isSynced) return this.#decline(offers);
    const placed = this.#state.place(offers, this.#settings.wallNow(), randomUUID);
    // Before they are asked for: who crashes between asks for them after.
    if (placed.length > 0) this.#remember();
    for (const offer of offers) {
      const tasks = placed
        .filter(({ launch }) => launch.offer === offer)
        .map(({ launch, id }) => taskInfoOf(launch, id));
      if (tasks.length > 0) await this.#call(acceptOf(offer, tasks));
    }
    const taken = new Set(placed.map(({ launch }) => launch.offer));
    await this.#decline(offers.filter((offer) => !taken.has(offer)));
    await this.#pass();
  }

  async #decline(offers: readonly Offer[]): Promise<void> {
    if (offers.length === 0) return;
    await this.#call(declineOf(offers, REFUSE_SECONDS));
  }

  async #pass(): Promise<void> {
    if (!this.#isSynced) return;
    const nowMs = this.#settings.wallNow();
    const kills = this.#state.takeKills(nowMs);
    if (kills.length > 0) this.#remember();
    for (const task of kills) await this.#sendKill(task);
    const isWanting = this.#state.wishes(nowMs).length > 0;
    if (isWanting && (this.#isSuppressed || nowMs - this.#revivedMs > REFUSE_SECONDS * 1_000)) {
      this.#isSuppressed = false;
      this.#revivedMs = nowMs;
      await this.#call({ type: 'REVIVE' });
    } else if (!isWanting && !this.#isSuppressed) {
      this.#isSuppressed = true;
      await this.#call({ type: 'SUPPRESS' });
    }
  }

  #sendKill(task: TaskRecord): Promise<void> {
    return this.#call(killOf(task));
  }

  async #keepTicking(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const nowMs = this.#settings.wallNow();
      const againMs = this.#state.againMs(nowMs) ?? nowMs + TICK_MS;
      const waitMs = Math.min(TICK_MS, Math.max(100, againMs - nowMs));
      await pause(waitMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      await this.#enqueue(() => this.#tick());
    }
  }

  async #tick(): Promise<void> {
    if (!this.#isSynced) return;
    const nowMs = this.#settings.wallNow();
    const doubtful = [...this.#state.tasks.values()].filter(
      ({ state, sinceMs, isKilled }) => (state === 'TASK_STAGING' || isKilled) && nowMs - sinceMs > DOUBT_MS,
    );
    if (doubtful.length > 0) await this.#call(reconcileOf(doubtful));
    for (const task of doubtful) if (task.isKilled) await this.#sendKill(task);
    await this.#pass();
  }

  async #call(call: Call): Promise<void> {
    const { streamId } = this.#stream ?? { streamId: '' };
    await this.client.call(streamId, { ...call, framework_id: { value: this.#frameworkId } });
  }

  /** One after another. What fails ends the connection, and with the next one everything is read again. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch((cause: unknown) => {
      this.#lastFault = cause instanceof Error ? cause.message : String(cause);
      this.#settings.log?.(this.#lastFault);
      this.#isSynced = false;
      this.#stream?.close();
    });
    return this.#queue;
  }

  #remember(): void {
    writeMemory(this.#settings.directory, {
      frameworkId: this.#frameworkId,
      apps: this.apps(),
      tasks: [...this.#state.tasks.values()],
    });
  }
}
