/**
 * Bodies of lists as they go over the wire, made once for all who ask the same: text, and its compressed form when the first asks for
 * it. Kept until a newer state is asked for.
 */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { View } from '../relief/store.ts';

const BODIES_MAX = 64;
/** A read that takes any version is content with a body this old: it spares making one a change. */
const ANY_AGE_MS = 1_000;
/** The API server compresses from here on, too. */
export const COMPRESS_BYTES_MIN = 128 * 1024;

const compress = promisify(gzip);

export interface Body {
  readonly view: View;
  readonly madeMs: number;
  readonly plain: Buffer;
  packed: Promise<Buffer> | undefined;
  packedBytes: number;
}

export class Bodies {
  readonly #now: () => number;
  readonly #bodies = new Map<string, Body>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get bytes(): number {
    return [...this.#bodies.values()].reduce((sum, body) => sum + body.plain.length + body.packedBytes, 0);
  }

  /** The newest there is, if it is not old; for reads that take any version. */
  any(key: string): Body | undefined {
    const body = this.#bodies.get(key);
    return body !== undefined && this.#now() - body.madeMs <= ANY_AGE_MS ? body : undefined;
  }

  /** The body of this state; `make` words it. */
  of(key: string, view: View, make: () => string): Body {
    const known = this.#bodies.get(key);
    if (known?.view === view) return known;
    const body: Body = {
      view,
      madeMs: this.#now(),
      plain: Buffer.from(make()),
      packed: undefined,
      packedBytes: 0,
    };
    if (known !== undefined && known.view.version > view.version) return body;
    this.#bodies.delete(key);
    this.#bodies.set(key, body);
    for (const oldest of this.#bodies.keys()) {
      if (this.#bodies.size <= BODIES_MAX) break;
      this.#bodies.delete(oldest);
    }
    return body;
  }

  clear(): void {
    this.#bodies.clear();
  }
}

export function packed(body: Body): Promise<Buffer> {
  body.packed ??= compress(body.plain, { level: constants.Z_BEST_SPEED }).then((buffer) => {
    body.packedBytes = buffer.length;
    return buffer;
  });
  return body.packed;
}
