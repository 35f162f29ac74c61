/**
 * Apps and deployments of the Marathon-compatible double: kept on disk, so that it can be restarted in the middle of one. A deployment locks the apps that it is about,
 * never fails by itself, and leaves the list when the framework's tasks are what the apps say, or when somebody takes it back.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../edge-agent/link/durable.ts';
import { keyOf } from '../../edge-agent/mesos/app.ts';
import type { MesosFramework } from '../../edge-agent/mesos/framework.ts';
import type { AppView } from '../../edge-agent/mesos/state.ts';
import { isReady } from '../../edge-agent/mesos/tasks.ts';
import { frameworkNames, isSameConfiguration, MarathonAppJson, mesosAppOf } from './marathon-app.ts';

const Stored = z.strictObject({
  json: MarathonAppJson,
  version: z.string(),
  configVersion: z.string(),
  scaledAt: z.string(),
  sequence: z.int(),
});
export type Stored = z.infer<typeof Stored>;

const Running = z.strictObject({
  id: z.string(),
  version: z.string(),
  affectedApps: z.array(z.string()),
  /** As they were before; those that were not there are missing. */
  before: z.array(Stored),
});
export type Running = z.infer<typeof Running>;

const Kept = z.strictObject({
  apps: z.array(Stored),
  deployments: z.array(Running),
  /** Versions of configurations, by their sequence. */
  versions: z.array(z.string()),
});

export class Locked extends Error {
  readonly deployments: readonly string[];
  constructor(deployments: readonly string[]) {
    super('App is locked by one or more deployments.');
    this.deployments = deployments;
  }
}

export interface Told {
  readonly type: string;
  readonly body: object;
}

/** `json` undefined: it is to go. */
export interface Wanted {
  readonly id: string;
  readonly json: MarathonAppJson | undefined;
  /** A new version even if nothing in it is new. */
  readonly restart?: boolean;
}

export class MarathonApps {
  readonly #framework: MesosFramework;
  readonly #path: string;
  readonly #tell: (told: Told) => void;
  readonly #kept: z.infer<typeof Kept>;

  constructor(framework: MesosFramework, directory: string, tell: (told: Told) => void) {
    this.#framework = framework;
    this.#path = join(directory, 'marathon.json');
    this.#tell = tell;
    this.#kept = readKept(this.#path);
    this.#toFramework();
  }

  get all(): readonly Stored[] {
    return this.#kept.apps;
  }

  get deployments(): readonly Running[] {
    return this.#kept.deployments;
  }

  at(id: string): Stored | undefined {
    return this.#kept.apps.find(({ json }) => json.id === id);
  }

  versionOf(sequence: number): string {
    return this.#kept.versions[sequence] ?? '';
  }

  view(id: string): AppView {
    return this.#framework.view(keyOf(frameworkNames(id)));
  }

  /** One deployment for all of them. Throws Locked. */
  change(wanted: readonly Wanted[], force: boolean): Running {
    const ids = wanted.map(({ id }) => id);
    const locking = this.#kept.deployments.filter(({ affectedApps }) =>
      affectedApps.some((id) => ids.includes(id)),
    );
    if (locking.length > 0 && !force) throw new Locked(locking.map(({ id }) => id));
    for (const one of locking) this.#end(one, 'deployment_failed');
    const version = this.#nextVersion();
    const before = ids.flatMap((id) => this.at(id) ?? []);
    for (const one of wanted) this.#put(one, version);
    const running = { id: randomUUID(), version, affectedApps: ids, before };
    this.#kept.deployments.push(running);
    this.#keep();
    this.#toFramework();
    this.#tell({ type: 'deployment_info', body: planOf(running) });
    return running;
  }

  /** Back to what was before, by a deployment of its own. Undefined if there is no such deployment. */
  takeBack(id: string): Running | undefined {
    const found = this.#kept.deployments.find((one) => one.id === id);
    if (found === undefined) return undefined;
    const wanted = found.affectedApps.map((app) => ({
      id: app,
      json: found.before.find(({ json }) => json.id === app)?.json,
    }));
    return this.change(wanted, true);
  }

  /** Ends those that have come to what they are for. */
  look(): void {
    for (const one of [...this.#kept.deployments])
      if (one.affectedApps.every((id) => this.#isThere(id))) {
        this.#end(one, 'deployment_success');
        this.#keep();
      }
  }

  /** Later than all before it, by which tasks are told from those of an older one. */
  #nextVersion(): string {
    const last = Math.max(...this.#kept.apps.map(({ version }) => Date.parse(version)), 0);
    return new Date(Math.max(Date.now(), last + 1)).toISOString();
  }

  #put({ id, json, restart = false }: Wanted, version: string): void {
    const before = this.at(id);
    this.#kept.apps = this.#kept.apps.filter((app) => app !== before);
    if (json === undefined) return;
    const isScaled = before !== undefined && !restart && isSameConfiguration(before.json, json);
    if (!isScaled) this.#kept.versions.push(version);
    this.#kept.apps.push({
      json,
      version,
      configVersion: isScaled ? before.configVersion : version,
      scaledAt: isScaled || before === undefined ? version : before.scaledAt,
      sequence: isScaled ? before.sequence : this.#kept.versions.length - 1,
    });
  }

  #isThere(id: string): boolean {
    const { tasks, app } = this.view(id);
    const stored = this.at(id);
    if (stored === undefined) return tasks.length === 0;
    const { instances } = stored.json;
    const fresh = tasks.filter((task) => task.content === app?.content);
    return (
      tasks.length === instances &&
      fresh.length === instances &&
      fresh.every((task) => isReady(task, app?.isChecked ?? false))
    );
  }

  #end(running: Running, type: string): void {
    this.#kept.deployments = this.#kept.deployments.filter((one) => one !== running);
    this.#tell({ type, body: planOf(running) });
  }

  /** Says all of it again, which changes nothing that is so already. */
  #toFramework(): void {
    for (const app of this.#kept.apps) this.#framework.set(mesosAppOf(app));
    const known = new Set(this.#kept.apps.map(({ json }) => keyOf(frameworkNames(json.id))));
    for (const app of this.#framework.apps()) if (!known.has(keyOf(app))) this.#framework.unset(keyOf(app));
  }

  #keep(): void {
    writeDurably(this.#path, JSON.stringify(this.#kept));
  }
}

function planOf({ id, affectedApps }: Running): object {
  const actions = affectedApps.map((app) => ({ action: 'RestartApplication', app }));
  return { id, plan: { id, steps: [{ actions }] } };
}

function readKept(path: string): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return { apps: [], deployments: [], versions: [''] };
    throw cause;
  }
}
