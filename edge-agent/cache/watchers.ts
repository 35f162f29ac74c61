/**
 * Tells all watchers of one type of its changes. A change is worded once for all who see it the same way, and what came together is written
 * together. A watcher that does not read is cut off, so that it holds nobody's memory; it will begin again where it was.
 */
import type { ServerResponse } from 'node:http';
import type { Kept } from '../relief/kept.ts';
import { type Seen, type Selection, seenOf, selectionKey } from '../relief/selection.ts';
import type { Change, TypeStore } from '../relief/store.ts';
import { withColumns } from '../relief/table-texts.ts';
import { bookmarkText, eventText, expiredText } from '../relief/texts.ts';

/** Changes wait this long for others. */
const GATHER_MS = 10;
const BOOKMARK_MS = 60_000;
/** What a watcher may leave unread beyond what it was first given. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

export interface WatcherSettings {
  readonly selection: Selection;
  /** Changes after this version are told. */
  readonly after: number;
  readonly wantsBookmarks: boolean;
  readonly seconds: number;
  readonly response: ServerResponse;
  /** Written first: the state, or what changed meanwhile. */
  readonly opening: Buffer;
}

interface Watcher extends WatcherSettings {
  bytes: number;
  /** The first event of a table has its columns. */
  hasColumns: boolean;
  readonly end: () => void;
}

interface Group {
  readonly selection: Selection;
  readonly watchers: Set<Watcher>;
}

export class Watchers {
  readonly #store: () => TypeStore | undefined;
  readonly #wallNow: () => number;
  readonly #groups = new Map<string, Group>();
  readonly #bookmarks: NodeJS.Timeout;
  #pending: Change[] = [];
  #flush: NodeJS.Timeout | undefined;
  #lines = new WeakMap<Kept, Map<string, Buffer>>();

  constructor(store: () => TypeStore | undefined, wallNow: () => number) {
    this.#store = store;
    this.#wallNow = wallNow;
    this.#bookmarks = setInterval(() => this.#bookmark(), BOOKMARK_MS);
    this.#bookmarks.unref();
  }

  get size(): number {
    return [...this.#groups.values()].reduce((sum, { watchers }) => sum + watchers.size, 0);
  }

  /** Resolves with the bytes that were written, when the watch has ended. The head must have been written. */
  serve(settings: WatcherSettings): Promise<number> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#finish(watcher), settings.seconds * 1_000);
      const watcher: Watcher = {
        ...settings,
        bytes: 0,
        hasColumns: settings.opening.length > 0,
        end: () => {
          clearTimeout(timer);
          this.#remove(watcher);
          resolve(watcher.bytes);
        },
      };
      settings.response.once('close', watcher.end);
      this.#add(watcher);
      if (settings.opening.length > 0) write(watcher, settings.opening);
    });
  }

  tell(changes: readonly Change[]): void {
    if (this.#groups.size === 0) return;
    this.#pending.push(...changes);
    this.#flush ??= setTimeout(() => this.#tellPending(), GATHER_MS);
  }

  /** Changes may be missing before the store's beginning: who stands before it must list again. */
  restart(): void {
    if (this.#pending.length > 0) this.#tellPending();
    const reachesTo = this.#store()?.reachesTo ?? 0;
    for (const watcher of this.#all()) {
      if (watcher.after >= reachesTo) continue;
      write(watcher, Buffer.from(expiredText(watcher.after, reachesTo)));
      watcher.response.end();
    }
  }

  close(): void {
    clearInterval(this.#bookmarks);
    clearTimeout(this.#flush);
    for (const watcher of this.#all()) watcher.response.end();
  }

  #all(): Watcher[] {
    return [...this.#groups.values()].flatMap(({ watchers }) => [...watchers]);
  }

  #add(watcher: Watcher): void {
    const key = selectionKey(watcher.selection);
    const group = this.#groups.get(key) ?? { selection: watcher.selection, watchers: new Set<Watcher>() };
    group.watchers.add(watcher);
    this.#groups.set(key, group);
  }

  #remove(watcher: Watcher): void {
    const key = selectionKey(watcher.selection);
    const group = this.#groups.get(key);
    group?.watchers.delete(watcher);
    if (group?.watchers.size === 0) this.#groups.delete(key);
  }

  #tellPending(): void {
    const changes = this.#pending;
    this.#pending = [];
    clearTimeout(this.#flush);
    this.#flush = undefined;
    const store = this.#store();
    if (store === undefined) return;
    for (const { selection, watchers } of this.#groups.values())
      this.#tellGroup({ selection, watchers }, changes, store);
  }

  #tellGroup({ selection, watchers }: Group, changes: readonly Change[], store: TypeStore): void {
    const seen = changes.flatMap((change) => seenOf(selection, change) ?? []);
    const [first] = seen;
    if (first === undefined) return;
    const lines = seen.map((one) => this.#lineOf(one, store));
    const whole = Buffer.concat(lines);
    for (const watcher of watchers) {
      const later =
        watcher.after < first.version
          ? whole
          : Buffer.concat(lines.filter((_, index) => (seen[index]?.version ?? 0) > watcher.after));
      if (later.length === 0) continue;
      const isHeaded = watcher.hasColumns || store.dress.columns === '';
      write(watcher, isHeaded ? later : Buffer.from(withColumns(later.toString(), store.dress)));
      watcher.hasColumns = true;
    }
  }

  #lineOf(seen: Seen, { dress }: TypeStore): Buffer {
    const text = () => Buffer.from(eventText(dress, seen, this.#wallNow()));
    if (seen.object.version !== seen.version) return text();
    const known = this.#lines.get(seen.object) ?? new Map<string, Buffer>();
    this.#lines.set(seen.object, known);
    const line = known.get(seen.type) ?? text();
    known.set(seen.type, line);
    return line;
  }

  /** So that a watcher of what seldom changes need not list again one day. */
  #bookmark(): void {
    if (this.#pending.length > 0) this.#tellPending();
    for (const watcher of this.#all()) if (watcher.wantsBookmarks) this.#mark(watcher);
  }

  #mark(watcher: Watcher): void {
    const store = this.#store();
    if (store === undefined) return;
    write(watcher, Buffer.from(bookmarkText(store.dress, Math.max(store.version, watcher.after), false)));
  }

  #finish(watcher: Watcher): void {
    if (this.#pending.length > 0) this.#tellPending();
    if (watcher.wantsBookmarks) this.#mark(watcher);
    watcher.response.end();
  }
}

function write(watcher: Watcher, buffer: Buffer): void {
  const { response, opening } = watcher;
  if (response.destroyed || response.writableEnded) return;
  response.write(buffer);
  watcher.bytes += buffer.length;
  if (response.writableLength > opening.length + UNREAD_BYTES_MAX) response.destroy();
}
