/**
 * The types that are kept: begun at their first use, dropped when nobody uses them, when memory is short (the least lately used first), or when the
 * server has been away for long.
 */
import { type KeptForm, keepingOf } from '../relief/keeping.ts';
import { resourceText, type TypeName } from '../relief/request-info.ts';
import type { View } from '../relief/store.ts';
import { Bodies } from './bodies.ts';
import type { Counts } from './counts.ts';
import { Feed, type FeedState } from './feed.ts';
import { freshView } from './freshness.ts';
import type { Reader } from './reader.ts';
import { Rounds } from './rounds.ts';
import { Watchers } from './watchers.ts';

/**
 * One who reads alone hardly waits. When many do, each read of the server serves many, and there are few a second: a wait grows with how
 * many were served and with how much they got, because so would the wait at the server.
 */
const FRESH_MS_EACH = 2;
const FRESH_BYTES_A_MS = 100_000;
const FRESH_MS_MAX = 1_000;
const SWEEP_MS = 5_000;
const UNUSED_MS = 600_000;
const LOST_MS_MAX = 300_000;
const REFUSED_MS = 60_000;
const TOO_LARGE_MS = 600_000;
/** Each holds a connection of the client, which has 128 for everything. */
const TYPES_MAX = 64;

/** A type in one of the forms in which it is kept. */
export interface KeptName extends TypeName {
  readonly form: KeptForm;
}

export interface KeptType {
  readonly name: KeptName;
  readonly feed: Feed;
  readonly watchers: Watchers;
  readonly bodies: Bodies;
  readonly fresh: Rounds<View | undefined>;
  usedMs: number;
}

export interface TypeFigures {
  readonly resource: string;
  readonly state: FeedState;
  readonly objects: number;
  readonly bytes: number;
  readonly watchers: number;
  readonly usedMs: number;
}

export interface TypesOptions {
  readonly client: Reader;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  readonly counts: Counts;
  readonly budgetBytes: number;
  readonly log: (line: string) => void;
}

export class Types {
  readonly #options: TypesOptions;
  readonly #kept = new Map<string, KeptType>();
  /** Types that go upstream until a time, and why. */
  readonly #shunned = new Map<string, { readonly untilMs: number; readonly usedMs: number }>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: TypesOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.sweep(), SWEEP_MS);
    this.#sweep.unref();
  }

  /** The type if it is kept already; `begin` makes it be kept. Undefined: it goes upstream. */
  use(name: KeptName, more: { readonly begin: boolean }): KeptType | undefined {
    const key = keyOf(name);
    const known = this.#kept.get(key);
    const nowMs = this.#options.now();
    if (known !== undefined) {
      known.usedMs = nowMs;
      return known;
    }
    if (!more.begin || (this.#shunned.get(key)?.untilMs ?? 0) > nowMs) return undefined;
    if (this.#kept.size >= TYPES_MAX) return undefined;
    const begun = this.#begin(name, nowMs);
    this.#kept.set(key, begun);
    return begun;
  }

  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, type) => sum + bytesOf(type), 0);
  }

  figures(): TypeFigures[] {
    const kept = [...this.#kept.values()].map((type) => ({
      resource: keptText(type.name),
      state: type.feed.state,
      objects: type.feed.store?.size ?? 0,
      bytes: bytesOf(type),
      watchers: type.watchers.size,
      usedMs: type.usedMs,
    }));
    const shunned = [...this.#shunned].map(([key, { usedMs }]) => ({
      resource: keptText(nameOf(key)),
      state: 'dropped' as const,
      objects: 0,
      bytes: 0,
      watchers: 0,
      usedMs,
    }));
    return [...kept, ...shunned].slice(0, TYPES_MAX);
  }

  /** Runs by itself now and then; also right after a type was filled. */
  sweep(): void {
    const { now, budgetBytes, log } = this.#options;
    const nowMs = now();
    for (const [key, { untilMs }] of this.#shunned) if (untilMs <= nowMs) this.#shunned.delete(key);
    for (const type of [...this.#kept.values()]) {
      const isUnused = type.watchers.size === 0 && nowMs - type.usedMs > UNUSED_MS;
      if (isUnused) this.#drop(type, 'nobody used it');
      else if (type.feed.lostForMs > LOST_MS_MAX) this.#drop(type, 'the API server is away');
    }
    for (const type of [...this.#kept.values()].sort((one, other) => one.usedMs - other.usedMs)) {
      if (this.bytes <= budgetBytes) return;
      type.bodies.clear();
      if (this.bytes <= budgetBytes) return;
      const bytes = bytesOf(type);
      this.#drop(type, `memory: it took ${bytes} bytes, and all may take ${budgetBytes}`);
      const ms = bytes > budgetBytes ? TOO_LARGE_MS : REFUSED_MS;
      this.#shunned.set(keyOf(type.name), { untilMs: nowMs + ms, usedMs: type.usedMs });
      log(`${keptText(type.name)} goes to the API server for ${ms / 1_000} s`);
    }
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const type of this.#kept.values()) end(type);
    this.#kept.clear();
  }

  #begin(name: KeptName, nowMs: number): KeptType {
    const { client, now, wallNow, counts, log } = this.#options;
    const keeping = keepingOf(name.form, { resource: name.resource, wallNow, copy: copyText });
    const bodies = new Bodies(now);
    const watchers: Watchers = new Watchers(() => feed.store, wallNow);
    const feed: Feed = new Feed({
      type: name,
      keeping,
      client,
      now,
      counts,
      log,
      onChanges: (changes) => watchers.tell(changes),
      onRestart: () => {
        bodies.clear();
        watchers.restart();
        this.sweep();
      },
      onRefused: (reason) => this.#refuse(name, reason),
    });
    const fresh = new Rounds({
      intervalMs: (served) => freshIntervalMs(served, feed.store?.bytes ?? 0),
      now,
      run: () => freshView({ type: name, keeping, client, counts, feed }),
    });
    return { name, feed, watchers, bodies, fresh, usedMs: nowMs };
  }

  #refuse(name: KeptName, reason: string): void {
    const type = this.#kept.get(keyOf(name));
    if (type === undefined) return;
    this.#drop(type, reason);
    const nowMs = this.#options.now();
    this.#shunned.set(keyOf(name), { untilMs: nowMs + REFUSED_MS, usedMs: type.usedMs });
  }

  #drop(type: KeptType, reason: string): void {
    this.#options.log(`${keptText(type.name)} is not kept any more: ${reason}`);
    this.#kept.delete(keyOf(type.name));
    end(type);
  }
}

/** From one read of the server to the next. */
export function freshIntervalMs(served: number, bytes: number): number {
  return Math.min(FRESH_MS_MAX, served * (FRESH_MS_EACH + bytes / FRESH_BYTES_A_MS));
}

function end({ feed, watchers, bodies }: KeptType): void {
  feed.close();
  watchers.close();
  bodies.clear();
}

function bytesOf({ feed, bodies }: KeptType): number {
  return (feed.store?.bytes ?? 0) + bodies.bytes;
}

function keyOf({ group, version, resource, form }: KeptName): string {
  return `${group}/${version}/${resource}/${form}`;
}

function nameOf(key: string): KeptName {
  const [group = '', version = '', resource = '', form] = key.split('/');
  return { group, version, resource, form: form === 'table' ? 'table' : 'json' };
}

function keptText(name: KeptName): string {
  return name.form === 'table' ? `${resourceText(name)} (table)` : resourceText(name);
}

/** A text that holds on to nothing it was cut from. */
function copyText(text: string): string {
  return Buffer.from(text).toString();
}
