/**
 * What Marathon tells of by its stream of events: how often tasks of an app ended by themselves, which it counts nowhere, and that there is something to look at. It is
 * an addition: whoever missed an event reads what is there, only later.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseJson } from '../../protocol/json.ts';
import type { MarathonClient } from './client.ts';
import type { ServerEvent } from './sse.ts';
import { StatusEvent } from './wire.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MS_MAX = 30_000;
const APPS_MAX = 10_000;
/** After these a look is worth it. */
const TELLING = new Set([
  'status_update_event',
  'deployment_success',
  'deployment_failed',
  'deployment_info',
  'health_status_changed_event',
  'instance_health_changed_event',
]);
const OWN_ENDS = new Set(['TASK_FAILED', 'TASK_FINISHED', 'TASK_ERROR']);

export interface AppNews {
  readonly version: string;
  /** Tasks of this version that ended by themselves, since we listen. */
  readonly failures: number;
}

const NONE: AppNews = { version: '', failures: 0 };

export interface NewsOptions {
  readonly client: MarathonClient;
  readonly log?: (words: string) => void;
  /** Something has changed; of which app is not said. */
  readonly onNews?: () => void;
  readonly retryMs?: number;
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
    const status = type === 'status_update_event' ? StatusEvent.safeParse(parseJson(data)).data : undefined;
    if (status !== undefined && OWN_ENDS.has(status.taskStatus)) this.#failed(status.appId, status.version);
    if (TELLING.has(type)) this.#options.onNews?.();
  }

  #failed(appId: string, version: string): void {
    const before = this.of(appId);
    const failures = before.version === version ? before.failures + 1 : 1;
    this.#keep(appId, { version, failures });
  }

  #keep(appId: string, news: AppNews): void {
    this.#apps.delete(appId);
    this.#apps.set(appId, news);
    const [oldest] = this.#apps.keys();
    if (this.#apps.size > APPS_MAX && oldest !== undefined) this.#apps.delete(oldest);
  }

  async #follow(): Promise<void> {
    const { client, log, retryMs = RETRY_FIRST_MS } = this.#options;
    const { signal } = this.#ending;
    let waitMs = retryMs;
    while (!signal.aborted) {
      try {
        for await (const event of client.events(signal)) {
          waitMs = retryMs;
          this.heard(event);
        }
      } catch (cause) {
        if (!signal.aborted) log?.(`events: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    }
  }
}
