/**
 * What Marathon told of by its stream of events: how deployments of an app ended, which no list says after, and how often its tasks ended in a row. It is an addition:
 * whoever missed an event reads what is there, as if it had never been.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseJson } from '../../protocol/json.ts';
import type { MarathonClient } from './client.ts';
import type { ServerEvent } from './sse.ts';
import { DeploymentEvent, StatusEvent } from './wire.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MS_MAX = 30_000;
const APPS_MAX = 10_000;
const OWN_ENDS = new Set(['TASK_FAILED', 'TASK_FINISHED', 'TASK_ERROR']);

export interface AppNews {
  /** Of the deployment that ended last. */
  readonly outcome: 'none' | 'succeeded' | 'failed';
  readonly version: string;
  /** Tasks of this version that ended by themselves. */
  readonly failures: number;
}

const NONE: AppNews = { outcome: 'none', version: '', failures: 0 };

export interface NewsOptions {
  readonly client: MarathonClient;
  readonly log?: (words: string) => void;
}

export class MarathonNews {
  readonly #options: NewsOptions;
  readonly #apps = new Map<string, AppNews>();
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: NewsOptions) {
    this.#options = options;
  }

  of(appId: string): AppNews {
    return this.#apps.get(appId) ?? NONE;
  }

  start(): void {
    this.#running ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  heard({ type, data }: ServerEvent): void {
    const body = parseJson(data);
    if (type === 'status_update_event') {
      const status = StatusEvent.safeParse(body).data;
      if (status !== undefined && OWN_ENDS.has(status.taskStatus)) this.#failed(status.appId, status.version);
      return;
    }
    if (type !== 'deployment_success' && type !== 'deployment_failed') return;
    const steps = DeploymentEvent.safeParse(body).data?.plan?.steps ?? [];
    const apps = new Set(steps.flatMap(({ actions }) => actions.flatMap(({ app }) => app ?? [])));
    const outcome = type === 'deployment_success' ? 'succeeded' : 'failed';
    for (const app of apps) this.#keep(app, { ...this.of(app), outcome });
  }

  #failed(appId: string, version: string): void {
    const before = this.of(appId);
    const failures = before.version === version ? before.failures + 1 : 1;
    this.#keep(appId, { ...before, version, failures });
  }

  #keep(appId: string, news: AppNews): void {
    this.#apps.delete(appId);
    this.#apps.set(appId, news);
    const [oldest] = this.#apps.keys();
    if (this.#apps.size > APPS_MAX && oldest !== undefined) this.#apps.delete(oldest);
  }

  async #follow(): Promise<void> {
    const { client, log } = this.#options;
    const { signal } = this.#ending;
    let waitMs = RETRY_FIRST_MS;
    while (!signal.aborted) {
      try {
        for await (const event of client.events(signal)) {
          waitMs = RETRY_FIRST_MS;
          this.heard(event);
        }
      } catch (cause) {
        if (!signal.aborted) log?.(`events: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
      // How deployments ended that went on meanwhile is not known.
      for (const [app, news] of this.#apps) this.#apps.set(app, { ...news, outcome: 'none' });
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    }
  }
}
