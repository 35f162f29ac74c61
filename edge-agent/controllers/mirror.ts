/**
 * Keeps the objects of one type as the API server has them, by one list and one watch. It decides nothing; what does not read as that type is
 * left out, and what fails is tried again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { pagesOf } from '../kube/list.ts';
import { KubeObject } from '../kube/objects.ts';
import { watchEvents } from '../kube/watch.ts';

const OBJECTS_MAX = 20_000;
const RETRY_MS = [200, 1_000, 5_000, 15_000] as const;
/** The server ends a watch after this; one whose connection died without a word is ended a little later. */
const WATCH_SECONDS = 120;
const WATCH_MS_MAX = 150_000;

export interface MirrorOptions<Item> {
  readonly client: KubeClient;
  readonly path: string;
  readonly schema: z.ZodType<Item>;
  readonly labelSelector?: string;
  readonly log: (line: string) => void;
  /** Something is another than it was. */
  readonly onChange?: () => void;
}

export class Mirror<Item> {
  readonly #options: MirrorOptions<Item>;
  readonly #stop = new AbortController();
  #objects: ReadonlyMap<string, Item> | undefined;
  #version = '';
  #failures = 0;
  #fault: string | undefined;

  constructor(options: MirrorOptions<Item>) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  /** As last heard; undefined until there was a first list. */
  items(): readonly Item[] | undefined {
    return this.#objects === undefined ? undefined : [...this.#objects.values()];
  }

  /** Why there is nothing new; undefined while all is well. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#version === '') await this.#list();
        await this.#watch();
      } catch (cause) {
        await this.#recover(cause);
      }
    }
  }

  async #list(): Promise<void> {
    const { client, path, labelSelector } = this.#options;
    const objects = new Map<string, Item>();
    const query = { path, labelSelector, signal: this.#stop.signal };
    for await (const page of pagesOf(client, KubeObject, query)) {
      for (const object of page.items) this.#keep(objects, object);
      this.#version = page.metadata.resourceVersion;
      if (objects.size >= OBJECTS_MAX) break;
    }
    this.#objects = objects;
    this.#succeed();
    this.#options.onChange?.();
  }

  async #watch(): Promise<void> {
    const { client, path, labelSelector } = this.#options;
    const query = labelSelector === undefined ? {} : { labelSelector };
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(WATCH_MS_MAX)]);
    const watch = { path, query, resourceVersion: this.#version, seconds: WATCH_SECONDS, signal };
    for await (const { type, object } of watchEvents(client, watch)) {
      this.#succeed();
      this.#version = object.metadata.resourceVersion ?? this.#version;
      if (type === 'BOOKMARK') continue;
      const objects = new Map(this.#objects);
      if (type === 'DELETED') objects.delete(keyOf(object));
      else this.#keep(objects, object);
      this.#objects = objects;
      this.#options.onChange?.();
    }
  }

  #keep(objects: Map<string, Item>, object: KubeObject): void {
    const parsed = this.#options.schema.safeParse(object);
    if (parsed.success && objects.size < OBJECTS_MAX) objects.set(keyOf(object), parsed.data);
    else objects.delete(keyOf(object));
  }

  #succeed(): void {
    this.#failures = 0;
    this.#fault = undefined;
  }

  async #recover(cause: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return;
    // Refused versions are forgotten; where only the connection failed, the watch goes on where it was.
    const isSameServer =
      cause instanceof KubeError && (cause.code === 'kube.unreachable' || cause.code === 'kube.busy');
    if (!isSameServer) this.#version = '';
    const fault = cause instanceof Error ? cause.message : String(cause);
    if (fault !== this.#fault) this.#options.log(`${this.#options.path}: ${fault}`);
    this.#fault = fault;
    const waitMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    await pause(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
