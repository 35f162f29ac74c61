/**
 * Keeps the store of one type by one list and one watch upstream, for as long as it is wanted. It answers nobody; it tells of every change,
 * and of a new beginning after which changes may be missing.
 */
import { KubeError } from '../kube/errors.ts';
import type { Keeping } from '../relief/keeping.ts';
import { isSelfDressed, type ListPage, type WatchLine } from '../relief/kept.ts';
import { collectionPath, resourceText, type TypeName } from '../relief/request-info.ts';
import { type Change, TypeStore } from '../relief/store.ts';
import type { Counts } from './counts.ts';
import { lineBatches } from './lines.ts';
import type { Reader } from './reader.ts';

const PAGE_LIMIT = 500;
const OBJECTS_MAX = 500_000;
const WATCH_SECONDS = 600;
/** Bookmarks come about every minute: a watch that is silent for longer is dead. */
const SILENCE_MS_MAX = 90_000;
const BACKOFF_MS = [50, 100, 200, 500, 1_000, 2_000, 5_000] as const;
const REFUSED_MS_MIN = 30_000;
const WINDOW_CHANGES_MAX = 10_000;
const WINDOW_BYTES_MAX = 32 * 1024 * 1024;

export type FeedState = 'syncing' | 'synced' | 'stale' | 'dropped';

export interface FeedOptions {
  readonly type: TypeName;
  readonly keeping: Keeping;
  readonly client: Reader;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly counts: Counts;
  readonly log: (line: string) => void;
  readonly onChanges: (changes: readonly Change[]) => void;
  /** The store was made anew: whoever watches must list again. */
  readonly onRestart: () => void;
  /** The type can't be kept (not listable, no rights, not JSON): all requests for it go upstream. */
  readonly onRefused: (reason: string) => void;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #store: TypeStore | undefined;
  #state: FeedState = 'syncing';
  #lostMs: number | undefined;
  #lastChangeMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #wasFilled = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    void this.#run();
  }

  get state(): FeedState {
    return this.#state;
  }

  get store(): TypeStore | undefined {
    return this.#store;
  }

  /** How long nothing has been heard of the server; 0 while the watch stands. */
  get lostForMs(): number {
    return this.#lostMs === undefined ? 0 : this.#options.now() - this.#lostMs;
  }

  /** How long ago something changed. */
  get quietForMs(): number {
    return this.#options.now() - this.#lastChangeMs;
  }

  /** Resolves with whether the condition came true in time. It is looked at whenever something is heard. */
  until(condition: () => boolean, withinMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    if (withinMs <= 0 || this.#state === 'dropped') return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(condition());
      };
      const look = () => {
        if (condition() || this.#state === 'dropped') end();
      };
      const timer = setTimeout(end, withinMs);
      this.#waiters.add(look);
    });
  }

  close(): void {
    this.#state = 'dropped';
    this.#stop.abort();
    this.#tell();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#store === undefined) await this.#list();
        await this.#watch();
        this.#failures = 0;
      } catch (cause) {
        if (this.#stop.signal.aborted) return;
        if (!(await this.#recover(cause))) return;
      }
    }
  }

  /** False: given up. */
  async #recover(cause: unknown): Promise<boolean> {
    const { log, onRefused, type, now } = this.#options;
    const text = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof KubeError ? cause.code : 'malformed';
    // A server that starts refuses for a moment what it allowed before.
    if (isRefusal(code) && (!this.#wasFilled || this.lostForMs > REFUSED_MS_MIN)) {
      this.close();
      onRefused(text);
      return false;
    }
    if (code === 'kube.gone') this.#store = undefined;
    this.#lostMs ??= now();
    this.#state = this.#store === undefined ? 'syncing' : 'stale';
    const waitMs = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0;
    if (this.#failures++ === 0) log(`the watch of ${resourceText(type)} is begun again: ${text}`);
    await this.#pause(waitMs);
    return true;
  }

  async #list(): Promise<void> {
    const { type, keeping, counts, onRestart } = this.#options;
    const pages: ListPage[] = [];
    let token = '';
    let objects = 0;
    do {
      counts.lists++;
      const text = await this.#options.client.text({
        method: 'GET',
        path: collectionPath(type),
        headers: keeping.headers,
        query: {
          ...keeping.query,
          limit: String(PAGE_LIMIT),
          ...(token === '' ? {} : { continue: token }),
        },
        signal: this.#stop.signal,
      });
      const page = keeping.page(text);
      pages.push(page);
      objects += page.items.length;
      token = page.continue;
      if (objects > OBJECTS_MAX) throw new KubeError('kube.malformed', `more than ${OBJECTS_MAX} objects`);
    } while (token !== '');
    const [first] = pages;
    const version = pages[pages.length - 1]?.version ?? 0;
    if (first === undefined || version === 0)
      throw new KubeError('kube.malformed', `the list of ${type.resource} has no resource version`);
    const dress = pages.every(({ dress: { prefix } }) => prefix !== '')
      ? first.dress
      : { ...first.dress, prefix: '' };
    const limits = { changesMax: WINDOW_CHANGES_MAX, windowBytesMax: WINDOW_BYTES_MAX };
    this.#store = new TypeStore({ version, objects: pages.flatMap(({ items }) => items) }, { dress, limits });
    this.#wasFilled = true;
    onRestart();
    this.#tell();
  }

  async #watch(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const { type, keeping, client, counts } = this.#options;
    counts.watches++;
    const answer = await client.stream({
      method: 'GET',
      path: collectionPath(type),
      signal: this.#stop.signal,
      headers: keeping.headers,
      query: {
        ...keeping.query,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: String(store.version),
        timeoutSeconds: String(WATCH_SECONDS),
      },
    });
    const status = answer.statusCode ?? 0;
    if (status !== 200) {
      answer.destroy();
      throw new KubeError(codeOf(status), `a watch answered ${status}`, { status });
    }
    this.#lostMs = undefined;
    this.#state = 'synced';
    this.#tell();
    answer.setTimeout(SILENCE_MS_MAX, () => answer.destroy(new Error('the watch fell silent')));
    for await (const lines of lineBatches(answer)) this.#take(store, lines);
  }

  #take(store: TypeStore, lines: readonly string[]): void {
    const { keeping, onChanges, now } = this.#options;
    const changes: Change[] = [];
    this.#failures = 0;
    try {
      for (const line of lines) {
        if (store.size === 0 && isSelfDressed(line)) store.wearNothing();
        const event = keeping.line(line, store.dress);
        if (event.type === 'ERROR') throw eventError(event);
        if (event.type === 'BOOKMARK') store.advance(event.version);
        else changes.push(...listOf(store.apply(event.type, event.object)));
      }
    } finally {
      // What stood before a fault is in the store, so it must be told.
      if (changes.length > 0) {
        this.#lastChangeMs = now();
        onChanges(changes);
      }
      this.#tell();
    }
  }

  #tell(): void {
    for (const look of [...this.#waiters]) look();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function listOf(change: Change | undefined): readonly Change[] {
  return change === undefined ? [] : [change];
}

function isRefusal(code: string): boolean {
  return ['kube.forbidden', 'kube.not_found', 'kube.malformed', 'kube.invalid', 'malformed'].includes(code);
}

function codeOf(status: number): KubeError['code'] {
  if (status === 410) return 'kube.gone';
  if (status === 403) return 'kube.forbidden';
  if (status === 404 || status === 405) return 'kube.not_found';
  return status === 429 ? 'kube.busy' : 'kube.failed';
}

function eventError({ code, message }: Extract<WatchLine, { type: 'ERROR' }>): KubeError {
  return new KubeError(codeOf(code), message, { status: code });
}
