/**
 * Everything that is under way, by who asked: so that limits hold, and so that access that is withdrawn ends at once, running streams included.
 */
import type { Requester } from '../cache/port.ts';
import { type Access, type Claimant, createJudge } from './access.ts';

/** Of one subject at one time: watches of a busy controller stay far below. */
export const REQUESTS_MAX = 512;
export const SESSIONS_MAX = 64;
export const HEARTBEATS_MAX = 32;
/** Of everybody. */
export const TOTAL_MAX = 8_192;

export interface Exchange {
  readonly host: string;
  readonly requester: Requester;
  readonly claimant: Claimant;
  /** `session`: exec, attach, port-forward. `heartbeat` is never refused for the sake of others, or of requests and sessions of one's own. */
  readonly kind: 'request' | 'session' | 'heartbeat';
  /** Closes both sides. */
  readonly cut: () => void;
}

export class Exchanges {
  readonly #open = new Set<Exchange>();

  get size(): number {
    return this.#open.size;
  }

  sizeAt(host: string): number {
    return [...this.#open].filter((exchange) => exchange.host === host).length;
  }

  /** The way to end it; undefined if there are too many already. */
  begin(exchange: Exchange): (() => void) | undefined {
    if (!this.#hasRoom(exchange)) return undefined;
    this.#open.add(exchange);
    return () => this.#open.delete(exchange);
  }

  /** Ends what the newest word of access does not allow any more; answers whose exchanges were cut. */
  enforce(host: string, access: Access): readonly Exchange[] {
    const judge = createJudge(access);
    const over = [...this.#open].filter((exchange) => exchange.host === host && !judge(exchange));
    for (const exchange of over) {
      this.#open.delete(exchange);
      exchange.cut();
    }
    return over;
  }

  cutAll(): void {
    for (const exchange of [...this.#open]) exchange.cut();
    this.#open.clear();
  }

  #hasRoom({ kind, requester }: Exchange): boolean {
    if (kind !== 'heartbeat' && this.#open.size >= TOTAL_MAX) return false;
    let own = 0;
    for (const other of this.#open)
      if (other.kind === kind && other.requester.subject === requester.subject) own += 1;
    return own < MAX_OF_KIND[kind];
  }
}

const MAX_OF_KIND = { request: REQUESTS_MAX, session: SESSIONS_MAX, heartbeat: HEARTBEATS_MAX } as const;
