/**
 * Everything that is under way, by who asked: so that limits hold, and so that access that is withdrawn ends at once, running streams included.
 */
import type { ClusterLeaf } from '../../protocol/document.ts';
import type { Requester } from '../cache/port.ts';

/** Of one subject at one time: watches of a busy controller stay far below. */
export const REQUESTS_MAX = 512;
export const SESSIONS_MAX = 64;
/** Of everybody. */
export const TOTAL_MAX = 8_192;

export interface Exchange {
  readonly host: string;
  readonly requester: Requester;
  /** `session`: exec, attach, port-forward. `heartbeat` is never refused for others' sake. */
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
  enforce(host: string, access: ClusterLeaf['access']): readonly Exchange[] {
    const grants = new Map(access.map((grant) => [grant.subject, grant]));
    const over = [...this.#open].filter(
      (exchange) =>
        exchange.host === host && !isSame(exchange.requester, grants.get(exchange.requester.subject)),
    );
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
    if (kind === 'heartbeat') return true;
    if (this.#open.size >= TOTAL_MAX) return false;
    const own = [...this.#open].filter((other) => other.requester.subject === requester.subject);
    if (kind === 'request') return own.filter((other) => other.kind === 'request').length < REQUESTS_MAX;
    return own.filter((other) => other.kind === 'session').length < SESSIONS_MAX;
  }
}

/** Other groups are another access: what was begun under the old ones ends. */
function isSame(requester: Requester, grant: ClusterLeaf['access'][number] | undefined): boolean {
  return (
    grant !== undefined &&
    grant.user === requester.user &&
    [...grant.groups].sort().join('\n') === [...requester.groups].sort().join('\n')
  );
}
