/**
 * All objects of one type as the watch told of them, and the window of what changed last. Versions before now come from undoing the window, so
 * that a page of a list or an exact version costs no copy. It is told everything and asks for nothing.
 */
import type { Dress, Kept } from './kept.ts';

export interface Change {
  readonly version: number;
  readonly kind: 'added' | 'modified' | 'deleted';
  readonly after: Kept | undefined;
  readonly before: Kept | undefined;
}

/** The state at one version, in the server's order. Never changes. */
export interface View {
  readonly version: number;
  readonly objects: readonly Kept[];
}

export interface StoreLimits {
  readonly changesMax: number;
  readonly windowBytesMax: number;
}

const CHANGE_BYTES = 120;

export class TypeStore {
  #dress: Dress;
  readonly #limits: StoreLimits;
  readonly #objects: Map<string, Kept>;
  #sorted: readonly Kept[] | undefined;
  #changes: Change[] = [];
  /** Changes of versions above this are all in the window. */
  #reachesTo: number;
  #version: number;
  #view: View | undefined;
  /** The last state that was rebuilt: pages of one list ask for the same again and again. */
  #past: View | undefined;
  #objectBytes: number;
  #windowBytes = 0;

  constructor(start: View, more: { readonly dress: Dress; readonly limits: StoreLimits }) {
    this.#dress = more.dress;
    this.#limits = more.limits;
    this.#objects = new Map(start.objects.map((object) => [object.key, object]));
    this.#version = start.version;
    this.#reachesTo = start.version;
    this.#objectBytes = start.objects.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get dress(): Dress {
    return this.#dress;
  }

  /** Objects bear kind and version themselves. An empty list can't tell; the first event does. */
  wearNothing(): void {
    this.#dress = { ...this.#dress, prefix: '' };
  }

  /** Everything up to this version has been told. */
  get version(): number {
    return this.#version;
  }

  /** A watch may begin at this version or later. */
  get reachesTo(): number {
    return this.#reachesTo;
  }

  get size(): number {
    return this.#objects.size;
  }

  get bytes(): number {
    return this.#objectBytes + this.#windowBytes;
  }

  get(key: string): Kept | undefined {
    return this.#objects.get(key);
  }

  /** Takes one event of the watch; undefined if it was known already. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Kept): Change | undefined {
    if (object.version <= this.#version) return undefined;
    const before = this.#objects.get(object.key);
    const change: Change = {
      version: object.version,
      kind: type === 'DELETED' ? 'deleted' : before === undefined ? 'added' : 'modified',
      after: object,
      before,
    };
    if (type === 'DELETED') this.#objects.delete(object.key);
    else this.#objects.set(object.key, object);
    this.#objectBytes += (type === 'DELETED' ? 0 : object.bytes) - (before?.bytes ?? 0);
    this.#version = object.version;
    this.#view = undefined;
    this.#sorted = undefined;
    this.#remember(change);
    return change;
  }

  /** Nothing changed up to this version. */
  advance(version: number): void {
    if (version <= this.#version) return;
    this.#version = version;
    if (this.#view !== undefined && this.#view.version < version) this.#view = undefined;
  }

  /**
   * The state is known to be that of a later version too. Events up to it may still be under way (of an object that came and went), so
   * watches go by `version` and only views by this.
   */
  prove(version: number): void {
    if (version > this.view().version) this.#view = { version, objects: this.view().objects };
  }

  /** The state now. The same value until something changes. */
  view(): View {
    this.#sorted ??= [...this.#objects.values()].sort(byKey);
    this.#view ??= { version: this.#version, objects: this.#sorted };
    return this.#view;
  }

  /** The state at a version; undefined if the window does not reach back to it, or it is not there yet. */
  viewAt(version: number): View | undefined {
    if (this.#view?.version === version) return this.#view;
    if (version < this.#reachesTo || version > this.#version) return undefined;
    if (this.#past?.version === version) return this.#past;
    const undone = this.#changes.filter((change) => change.version > version);
    if (undone.length === 0) return { version, objects: this.view().objects };
    const objects = new Map(this.#objects);
    for (const { before, after } of undone.reverse()) {
      const key = (before ?? after)?.key ?? '';
      if (before === undefined) objects.delete(key);
      else objects.set(key, before);
    }
    this.#past = { version, objects: [...objects.values()].sort(byKey) };
    return this.#past;
  }

  /** What changed after a version, in order; undefined if the window does not reach back to it. */
  changesSince(version: number): readonly Change[] | undefined {
    if (version < this.#reachesTo) return undefined;
    return this.#changes.slice(firstAfter(this.#changes, version));
  }

  #remember(change: Change): void {
    this.#changes.push(change);
    this.#windowBytes += bytesOf(change);
    const { changesMax, windowBytesMax } = this.#limits;
    let surplus = 0;
    while (
      this.#changes.length - surplus > changesMax ||
      (this.#windowBytes > windowBytesMax && surplus < this.#changes.length)
    ) {
      const oldest = this.#changes[surplus++];
      if (oldest === undefined) break;
      this.#windowBytes -= bytesOf(oldest);
      this.#reachesTo = oldest.version;
    }
    if (surplus > 0) this.#changes.splice(0, surplus);
  }
}

/** The window alone holds on to what was before; what is now is counted with the objects. */
function bytesOf({ before, kind, after }: Change): number {
  return CHANGE_BYTES + (before?.bytes ?? 0) + (kind === 'deleted' ? (after?.bytes ?? 0) : 0);
}

function byKey(one: Kept, other: Kept): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}

function firstAfter(changes: readonly Change[], version: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle]?.version ?? 0) > version) high = middle;
    else low = middle + 1;
  }
  return low;
}
